import type { FeatureCounts } from "../core/evidence.js";
import { wilson } from "./proportions.js";

/** A part of the requests in which the two versions differ more than elsewhere. */
export interface Slice {
  feature: string;
  /** A category, or a range of a number such as `18 to 24.5`. */
  value: string;
  rows: number;
  /** Share of its rows that were answered unequally. */
  unequal: number;
  /** Mean absolute difference, where answers are numbers. */
  delta: number | null;
}

type Counts = { rows: number; unequal: number; delta: number };

const SHOWN = 5;
/** Unequal shares are compared by their lower bounds: among many small slices some differ by chance. */
const Z = 2.5;

/** The slices in which the two differ most beyond what they do on the whole, worst first. */
export function topSlices(features: readonly FeatureCounts[], whole: Counts): Slice[] {
  const numeric = whole.delta > 0 && whole.unequal > 0.5 * whole.rows;
  const found = namesOf(features).flatMap((feature) => {
    const own = features.filter(({ name }) => name === feature);
    const slices = [...categories(own), ...quartiles(own)];
    // A feature with one value says nothing about where.
    return slices.length < 2
      ? []
      : slices.map((slice) => ({ feature, ...slice, excess: excessOf(slice, whole, numeric) }));
  });
  return found
    .filter(({ excess }) => excess > 0)
    .sort((a, b) => b.excess - a.excess)
    .slice(0, SHOWN)
    .map(({ feature, value, rows, unequal, delta }) => ({
      feature,
      value,
      rows,
      unequal: unequal / rows,
      delta: whole.delta > 0 ? delta / rows : null,
    }));
}

/** How much worse than the whole: in share of rows, or, where nearly all rows differ a little, in mean difference relative to the whole. */
function excessOf({ rows, unequal, delta }: Counts, whole: Counts, numeric: boolean): number {
  if (numeric) return delta / rows / (whole.delta / whole.rows) - 1.2;
  return wilson(unequal, rows, Z)[0] - whole.unequal / whole.rows;
}

const namesOf = (features: readonly FeatureCounts[]): string[] => [...new Set(features.map(({ name }) => name))];

function categories(features: readonly FeatureCounts[]): ({ value: string } & Counts)[] {
  const all = new Map<string, Counts>();
  for (const { categories: one } of features) {
    for (const [value, [rows, unequal, delta]] of Object.entries(one)) add(all, value, { rows, unequal, delta });
  }
  return [...all].map(([value, counts]) => ({ value, ...counts }));
}

/** Ranges of all routers in four parts of about as many rows each. */
function quartiles(features: readonly FeatureCounts[]): ({ value: string } & Counts)[] {
  const ranges = features.flatMap(({ numbers }) => numbers).sort((a, b) => a.up_to - b.up_to);
  const total = ranges.reduce((sum, { rows }) => sum + rows, 0);
  const parts: ({ value: string } & Counts)[] = [];
  let seen = 0;
  let from: number | null = null;
  let open: Counts = { rows: 0, unequal: 0, delta: 0 };
  for (const { up_to, ...counts } of ranges) {
    open = plus(open, counts);
    seen += counts.rows;
    if (seen < ((parts.length + 1) * total) / 4 - 1e-9) continue;
    parts.push({ value: from === null ? `up to ${short(up_to)}` : `${short(from)} to ${short(up_to)}`, ...open });
    from = up_to;
    open = { rows: 0, unequal: 0, delta: 0 };
  }
  return parts;
}

function add(all: Map<string, Counts>, key: string, counts: Counts): void {
  all.set(key, plus(all.get(key) ?? { rows: 0, unequal: 0, delta: 0 }, counts));
}

const plus = (a: Counts, b: Counts): Counts => ({
  rows: a.rows + b.rows,
  unequal: a.unequal + b.unequal,
  delta: a.delta + b.delta,
});

const short = (value: number): string => String(Number(value.toPrecision(3)));
