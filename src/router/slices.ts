import type { FeatureCounts } from "../core/evidence.js";
import { addTo as addToSketch, bucketsOf, newSketch, type Sketch, widened } from "../core/sketch.js";
import type { RowPair } from "./predictions.js";

const FEATURES = 50;
/** Values of a category that are looked at, and those that are told. */
const VALUES = 64;
const TOLD = 8;
/** What fewer rows have is not told: it could point at a person. */
const FEWEST = 20;
const LONGEST = 40;
const RANGES = 16;

interface Feature {
  categories: Map<string, [rows: number, unequal: number, delta: number]>;
  rows: Sketch;
  unequal: Sketch;
  delta: Sketch;
}

/** Counts where two versions differ, by the value of each input, within fixed bounds of memory. */
export class Slices {
  readonly #features = new Map<string, Feature>();

  add(row: unknown, { equal, delta }: RowPair): void {
    if (row === null || typeof row !== "object" || Array.isArray(row)) return;
    const size = Math.abs(delta ?? 0);
    for (const [name, value] of Object.entries(row)) {
      const feature = this.#featureOf(name);
      if (feature === undefined) continue;
      if (typeof value === "number" && Number.isFinite(value)) {
        addToSketch(feature.rows, value, 1, RANGES);
        if (!equal) addToSketch(feature.unequal, value, 1, RANGES);
        if (size > 0) addToSketch(feature.delta, value, size, RANGES);
      } else if (value === null || typeof value === "boolean" || typeof value === "string") {
        addCategory(feature, value === null ? "(empty)" : String(value), Number(!equal), size);
      }
    }
  }

  report(): FeatureCounts[] {
    return [...this.#features]
      .map(([name, feature]) => ({ name, categories: toldCategories(feature), numbers: toldRanges(feature) }))
      .filter(({ categories, numbers }) => Object.keys(categories).length > 0 || numbers.length > 0);
  }

  #featureOf(name: string): Feature | undefined {
    const known = this.#features.get(name);
    if (known !== undefined || this.#features.size >= FEATURES || name.length > LONGEST) return known;
    const made = { categories: new Map(), rows: newSketch(), unequal: newSketch(), delta: newSketch() };
    this.#features.set(name, made);
    return made;
  }
}

function addCategory({ categories }: Feature, value: string, unequal: number, delta: number): void {
  if (value.length > LONGEST) return;
  let counts = categories.get(value);
  if (counts === undefined) {
    if (categories.size >= VALUES) return;
    counts = [0, 0, 0];
    categories.set(value, counts);
  }
  counts[0] += 1;
  counts[1] += unequal;
  counts[2] += delta;
}

function toldCategories({ categories }: Feature): FeatureCounts["categories"] {
  const often = [...categories].filter(([, [rows]]) => rows >= FEWEST).sort(([, a], [, b]) => b[0] - a[0]);
  return Object.fromEntries(often.slice(0, TOLD));
}

/** Neighbouring buckets together, until each range has enough rows. */
function toldRanges(feature: Feature): FeatureCounts["numbers"] {
  const level = Math.max(feature.rows.level, feature.unequal.level, feature.delta.level);
  const [rows, unequal, delta] = [feature.rows, feature.unequal, feature.delta].map((one) => widened(one, level));
  const ranges: FeatureCounts["numbers"] = [];
  let open = { up_to: 0, rows: 0, unequal: 0, delta: 0 };
  for (const { key, high, count } of bucketsOf(rows!)) {
    open.up_to = high;
    open.rows += count;
    open.unequal += unequal!.counts[key] ?? 0;
    open.delta += delta!.counts[key] ?? 0;
    if (open.rows < FEWEST) continue;
    ranges.push(open);
    open = { up_to: 0, rows: 0, unequal: 0, delta: 0 };
  }
  // What is left over at the upper end belongs to the last range, whose bound then is not told exactly.
  const last = ranges.at(-1);
  if (open.rows > 0 && last !== undefined) {
    last.rows += open.rows;
    last.unequal += open.unequal;
    last.delta += open.delta;
  }
  return ranges;
}
