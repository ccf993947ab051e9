import { bet, newWager, type Wager } from "./wager.js";

/** What happened while the new version got one share of the requests. */
export interface Shares {
  /** Share of the new version, between 0 and 1. */
  weight: number;
  /** Events (errors, refusals) on the new version and on the old one. */
  onNew: number;
  onOld: number;
}

/** How many times more error-prone the new version may be: the mixture that the test bets on. */
export const HAZARDS = [1.5, 2, 3, 5, 10, 30] as const;

/**
 * The logarithm of the error-attribution e-value. With random routing each event falls on the new version with probability `weight` when
 * both are equally prone to it, whatever the rate does meanwhile; a version that is `r` times more prone draws `r w / (r w + 1 - w)`.
 * The value is the mean likelihood ratio over the hazards, a non-negative martingale under equality, so that it may be looked at any
 * time: P(ever >= 1/alpha) <= alpha (Ville's inequality; Shafer and Vovk, "Game-Theoretic Foundations for Probability and Finance").
 */
export function logEvidence(shares: readonly Shares[]): number {
  const logs = logRatios(shares);
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, one) => sum + Math.exp(one - most), 0) / logs.length);
}

/** Is there proof, at this level, that the new version is more prone? */
export function isWorse(shares: readonly Shares[], alpha: number): boolean {
  return logEvidence(shares) >= Math.log(1 / alpha);
}

/** The logarithm of the likelihood ratio of each hazard. */
function logRatios(shares: readonly Shares[]): number[] {
  return HAZARDS.map((r) =>
    shares.filter(telling).reduce((sum, { weight: w, onNew, onOld }) => {
      const total = r * w + 1 - w;
      return sum + onNew * Math.log(r / total) + onOld * Math.log(1 / total);
    }, 0),
  );
}

/** Where all requests go to one of the two, nothing can be told apart. */
const telling = ({ weight, onNew, onOld }: Shares): boolean => weight > 0 && weight < 1 && onNew + onOld > 0;

/** The same evidence, gathered look by look: with what was counted since the last one. */
export function attribute(before: Wager, added: readonly Shares[]): Wager {
  return added.some(telling) ? bet(before, logRatios(added)) : before;
}

export const newAttribution = (): Wager => newWager(HAZARDS.length);
