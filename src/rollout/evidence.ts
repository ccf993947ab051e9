import { LATENCY_BOUNDS, type PredictionCounts, type RouterEvidence } from "../core/evidence.js";
import type { Shares } from "./attribution.js";

/** What was counted of one version while the weights did not change. */
export interface Arm {
  requests: number;
  errors: number;
  refused?: number;
  latency: number[];
  predictions?: PredictionCounts;
}

/** One router's counts under one set of weights, as last read. Counts only grow, so reading twice adds nothing. */
export interface Epoch {
  router: string;
  generation: number;
  /** Share of the new version, thousandths. */
  weight: number;
  old: Arm;
  new: Arm;
  /** Answers above this index of `LATENCY_BOUNDS` are slow: the old version's p95 before, and half as much again. Null: not known then. */
  slow_above: number | null;
  /** Slow answers of before that was known, where it became known in the middle: they are not counted. */
  slow_before?: { old: number; new: number };
}

/** Fewest answers of the old version from which its p95 is taken. */
const ENOUGH = 100;
/** A slowdown below this is nobody's business: machines are noisy. */
const SLOWER = 1.5;
const NOTHING: Arm = { requests: 0, errors: 0, latency: [] };

/** Takes over what a router reports for this pair of versions since the rollout began. */
export function fold(
  epochs: readonly Epoch[],
  report: RouterEvidence,
  pair: { from: string; to: string; since: number },
): Epoch[] {
  const found = new Map(epochs.map((epoch) => [`${epoch.router} ${epoch.generation}`, epoch]));
  for (const { generation, weights, versions } of report.epochs) {
    if (generation < pair.since) continue;
    const key = `${report.router} ${generation}`;
    const before = found.get(key);
    found.set(key, {
      router: report.router,
      generation,
      weight: weights[pair.to] ?? 0,
      old: versions[pair.from] ?? NOTHING,
      new: versions[pair.to] ?? NOTHING,
      ...slowness(before, [...found.values()]),
    });
  }
  return [...found.values()];
}

/** What is slow is laid down before it is counted: never by the very answers that are judged by it. */
function slowness(before: Epoch | undefined, known: readonly Epoch[]): Pick<Epoch, "slow_above" | "slow_before"> {
  if (before?.slow_above != null) {
    const { slow_above, slow_before } = before;
    return slow_before === undefined ? { slow_above } : { slow_above, slow_before };
  }
  const slow_above = slowAbove(known);
  if (before === undefined || slow_above === null) return { slow_above };
  return { slow_above, slow_before: { old: slowIn(before.old, slow_above), new: slowIn(before.new, slow_above) } };
}

const slowIn = ({ latency }: Arm, above: number): number =>
  latency.slice(above + 1).reduce((sum, count) => sum + count, 0);

/** Index of the bound above which an answer is slow, from what the old version has shown so far. */
function slowAbove(epochs: readonly Epoch[]): number | null {
  const latency = sumOf(epochs.map(({ old }) => old.latency));
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total < ENOUGH) return null;
  const p95 = LATENCY_BOUNDS[quantileIndex(latency, 0.95)];
  if (p95 === undefined) return null;
  const index = LATENCY_BOUNDS.findIndex((bound) => bound >= p95 * SLOWER);
  return index < 0 ? null : index;
}

/** Index of the bucket in which a quantile lies. */
export function quantileIndex(latency: readonly number[], q: number): number {
  const total = latency.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [i, count] of latency.entries()) {
    seen += count;
    if (seen >= q * total) return i;
  }
  return latency.length - 1;
}

function sumOf(lists: readonly (readonly number[])[]): number[] {
  const out: number[] = [];
  for (const list of lists) for (const [i, count] of list.entries()) out[i] = (out[i] ?? 0) + count;
  return out;
}

/** Both arms over some epochs. */
export function total(epochs: readonly Epoch[]): { old: Arm; new: Arm } {
  const arm = (side: "old" | "new"): Arm => ({
    requests: epochs.reduce((sum, epoch) => sum + epoch[side].requests, 0),
    errors: epochs.reduce((sum, epoch) => sum + epoch[side].errors, 0),
    latency: sumOf(epochs.map((epoch) => epoch[side].latency)),
  });
  return { old: arm("old"), new: arm("new") };
}

/**
 * The chance that a request fell on the new version. Where clients stay with one version that is the share which it really got: a few
 * busy clients make it another one than the weight.
 */
function chanceOf({ weight, old, new: fresh }: Epoch, sticky: boolean): number {
  const requests = old.requests + fresh.requests;
  return sticky && requests > 0 && weight > 0 && weight < 1000 ? fresh.requests / requests : weight / 1000;
}

export function errorShares(epochs: readonly Epoch[], sticky = false): Shares[] {
  return epochs.map((epoch) => ({
    weight: chanceOf(epoch, sticky),
    onNew: epoch.new.errors,
    onOld: epoch.old.errors,
  }));
}

/** Requests that were refused (4xx): clients err alike at both, unless one of them asks for something else. */
export function refusedShares(epochs: readonly Epoch[], sticky = false): Shares[] {
  return epochs.map((epoch) => ({
    weight: chanceOf(epoch, sticky),
    onNew: epoch.new.refused ?? 0,
    onOld: epoch.old.refused ?? 0,
  }));
}

/** Sampled answers without a prediction. How many are sampled of each version is not the weights' doing: the chance is its share of them. */
export function invalidShares(epochs: readonly Epoch[]): Shares[] {
  return epochs.map((epoch) => {
    const [old, fresh] = [epoch.old.predictions, epoch.new.predictions];
    const answers = (old?.answers ?? 0) + (fresh?.answers ?? 0);
    const weight = answers === 0 ? 0 : (fresh?.answers ?? 0) / answers;
    return { weight, onNew: fresh?.invalid ?? 0, onOld: old?.invalid ?? 0 };
  });
}

/** Answers that are slow. Failures are none: they are accused as such, and those of a version that has died are the fastest of all. */
export function slowShares(epochs: readonly Epoch[], sticky = false): Shares[] {
  return epochs.map((epoch) => {
    const { slow_above, slow_before = { old: 0, new: 0 } } = epoch;
    const slow = (side: "old" | "new"): number =>
      slow_above === null ? 0 : slowIn(epoch[side], slow_above) - slow_before[side];
    return { weight: answerChance(epoch, sticky), onNew: slow("new"), onOld: slow("old") };
  });
}

/** The chance that an answer is the new version's: greater than that of a request while the old one fails more. Never smaller. */
function answerChance(epoch: Epoch, sticky: boolean): number {
  const chance = chanceOf(epoch, sticky);
  const answered = ({ requests, errors }: Arm): number => (requests === 0 ? 1 : 1 - errors / requests);
  const [fresh, old] = [chance * answered(epoch.new), (1 - chance) * answered(epoch.old)];
  return fresh + old > 0 ? Math.max(chance, fresh / (fresh + old)) : chance;
}
