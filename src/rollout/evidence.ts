import type { PredictionCounts, RouterEvidence } from "../core/evidence.js";
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
}

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
    found.set(`${report.router} ${generation}`, {
      router: report.router,
      generation,
      weight: weights[pair.to] ?? 0,
      old: versions[pair.from] ?? NOTHING,
      new: versions[pair.to] ?? NOTHING,
    });
  }
  return [...found.values()];
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
