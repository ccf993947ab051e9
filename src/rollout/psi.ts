import type { PredictionCounts } from "../core/evidence.js";
import { bucketsOf, countOf, merged } from "../core/sketch.js";

/** Fewer predictions of a version than this and nothing is said: two equal distributions would seem to differ. */
export const ENOUGH_PREDICTIONS = 500;
const BINS = 10;

/** How far the predictions of two versions lie apart as a whole. */
export interface PredictionShift {
  rows_old: number;
  rows_new: number;
  bins: number;
  /** Population stability index; null where too little was seen. */
  psi: number | null;
  /** What two equal distributions would have on average with as many rows: (bins - 1) (1/n + 1/m). */
  noise: number;
}

/**
 * Population stability index over ten quantile bins of the old version, or over the labels. Both distributions are smoothed by half a row a
 * bin, so that a bin that one of them lacks does not make it infinite.
 */
export function predictionShift(old: readonly PredictionCounts[], fresh: readonly PredictionCounts[]): PredictionShift {
  const rows = (all: readonly PredictionCounts[]): number => all.reduce((sum, one) => sum + one.rows, 0);
  const [n, m] = [rows(old), rows(fresh)];
  const bins = [...numberBins(old, fresh), ...labelBins(old, fresh)];
  const noise = n === 0 || m === 0 ? Number.POSITIVE_INFINITY : (bins.length - 1) * (1 / n + 1 / m);
  const enough = n >= ENOUGH_PREDICTIONS && m >= ENOUGH_PREDICTIONS;
  return { rows_old: n, rows_new: m, bins: bins.length, psi: enough ? psiOf(bins, n, m) : null, noise };
}

type Bin = [old: number, fresh: number];

function psiOf(bins: readonly Bin[], n: number, m: number): number {
  const half = 0.5 * bins.length;
  return bins.reduce((sum, [old, fresh]) => {
    const [p, q] = [(old + 0.5) / (n + half), (fresh + 0.5) / (m + half)];
    return sum + (q - p) * Math.log(q / p);
  }, 0);
}

function numberBins(old: readonly PredictionCounts[], fresh: readonly PredictionCounts[]): Bin[] {
  const sketches = [merged(old.map(({ numbers }) => numbers)), merged(fresh.map(({ numbers }) => numbers))];
  const both = merged(sketches);
  const total = countOf(sketches[0]!);
  if (countOf(both) === 0) return [];
  const aligned = sketches.map((one) => merged([one, { level: both.level, counts: {} }]).counts);
  const bins: Bin[] = [];
  let open: Bin = [0, 0];
  let seen = 0;
  for (const { key } of bucketsOf(both)) {
    const [a, b] = [aligned[0]![key] ?? 0, aligned[1]![key] ?? 0];
    open = [open[0] + a, open[1] + b];
    seen += a;
    if (bins.length >= BINS - 1 || seen < ((bins.length + 1) * total) / BINS - 1e-9 || a === 0) continue;
    bins.push(open);
    open = [0, 0];
  }
  return open[0] + open[1] > 0 || bins.length === 0 ? [...bins, open] : bins;
}

function labelBins(old: readonly PredictionCounts[], fresh: readonly PredictionCounts[]): Bin[] {
  const count = (all: readonly PredictionCounts[], label: string): number =>
    all.reduce((sum, { labels }) => sum + (labels[label] ?? 0), 0);
  const labels = new Set([...old, ...fresh].flatMap((one) => Object.keys(one.labels)));
  const bins = [...labels].map((label): Bin => [count(old, label), count(fresh, label)]);
  const others: Bin = [old, fresh].map((all) => all.reduce((sum, one) => sum + one.others, 0)) as Bin;
  return others[0] + others[1] > 0 ? [...bins, others] : bins;
}
