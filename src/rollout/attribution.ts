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
  const logs = HAZARDS.map((r) =>
    shares.reduce((sum, { weight: w, onNew, onOld }) => {
      if (w <= 0 || w >= 1) return sum;
      const total = r * w + 1 - w;
      return sum + onNew * Math.log(r / total) + onOld * Math.log(1 / total);
    }, 0),
  );
  return logMean(logs);
}

/** The logarithm of the mean of numbers whose logarithms are given, which may be too large to be told. */
export function logMean(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, one) => sum + Math.exp(one - most), 0) / logs.length);
}

/** Is there proof, at this level, that the new version is more prone? */
export function isWorse(shares: readonly Shares[], alpha: number): boolean {
  return logEvidence(shares) >= Math.log(1 / alpha);
}
