/**
 * Counts of numbers by size, in buckets that grow by a constant factor on both sides of zero (UDDSketch: Epicoco et al. 2020). Where too
 * many buckets would be needed, all of them become twice as wide: `level` says how often that has happened. Sketches of several routers
 * add up to the sketch that one router would have made.
 */
export interface Sketch {
  level: number;
  /** By signed bucket number; zero is a bucket of its own. */
  counts: Record<string, number>;
}

/** Numbers that are closer together than this factor may fall into one bucket, at level 0. */
const GROWTH = Math.log(1.001);
/** What is smaller is zero, what is larger is counted as this. */
const SMALLEST = 1e-12;
const LARGEST = 1e15;
export const MOST_BUCKETS = 256;

export const newSketch = (): Sketch => ({ level: 0, counts: {} });

/** Counts a finite number, `amount` times. */
export function addTo(sketch: Sketch, value: number, amount = 1, most = MOST_BUCKETS): void {
  const key = keyOf(value, sketch.level);
  const before = sketch.counts[key];
  sketch.counts[key] = (before ?? 0) + amount;
  if (before !== undefined) return;
  while (Object.keys(sketch.counts).length > most) {
    const wider = widened(sketch, sketch.level + 1);
    sketch.level = wider.level;
    sketch.counts = wider.counts;
  }
}

function keyOf(value: number, level: number): number {
  const size = Math.min(Math.abs(value), LARGEST);
  if (size < SMALLEST) return 0;
  const fine = Math.max(1, Math.ceil(Math.log(size / SMALLEST) / GROWTH));
  return Math.sign(value) * Math.ceil(fine / 2 ** level);
}

/** The same counts in wider buckets. */
export function widened(sketch: Sketch, level: number): Sketch {
  if (level === sketch.level) return sketch;
  const factor = 2 ** (level - sketch.level);
  const counts: Record<string, number> = {};
  for (const [key, count] of Object.entries(sketch.counts)) {
    const wide = Math.sign(Number(key)) * Math.ceil(Math.abs(Number(key)) / factor);
    counts[wide] = (counts[wide] ?? 0) + count;
  }
  return { level, counts };
}

export function merged(sketches: readonly Sketch[]): Sketch {
  const level = Math.max(0, ...sketches.map((one) => one.level));
  const all: Sketch = { level, counts: {} };
  for (const sketch of sketches) {
    for (const [key, count] of Object.entries(widened(sketch, level).counts)) {
      all.counts[key] = (all.counts[key] ?? 0) + count;
    }
  }
  return all;
}

/** Filled buckets from the smallest numbers to the largest, each with its bounds. */
export function bucketsOf(sketch: Sketch): { key: number; low: number; high: number; count: number }[] {
  const width = GROWTH * 2 ** sketch.level;
  const size = (key: number): number => SMALLEST * Math.exp(width * key);
  return Object.entries(sketch.counts)
    .map(([text, count]) => ({ key: Number(text), count }))
    .sort((a, b) => a.key - b.key)
    .map(({ key, count }) => {
      if (key === 0) return { key, low: 0, high: 0, count };
      if (key > 0) return { key, low: size(key - 1), high: size(key), count };
      return { key, low: -size(-key), high: -size(-key - 1), count };
    });
}

export function countOf(sketch: Sketch): number {
  return Object.values(sketch.counts).reduce((sum, count) => sum + count, 0);
}

/** The number below which this share lies: the middle of its bucket. Null where nothing was counted. */
export function quantileOf(sketch: Sketch, q: number): number | null {
  const total = countOf(sketch);
  let seen = 0;
  for (const { low, high, count } of bucketsOf(sketch)) {
    seen += count;
    if (seen >= q * total) return (low + high) / 2;
  }
  return null;
}
