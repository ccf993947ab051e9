import { describe, expect, it } from "vitest";
import { addTo, bucketsOf, countOf, merged, newSketch, quantileOf, type Sketch } from "../../../src/core/sketch.js";

const of = (values: readonly number[], most?: number): Sketch => {
  const sketch = newSketch();
  for (const value of values) addTo(sketch, value, 1, most);
  return sketch;
};
const range = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

describe("a sketch of numbers", () => {
  it("knows quantiles closely, on both sides of zero and far from it", () => {
    for (const [from, to] of [
      [-50, 100],
      [1000, 1020],
      [0.001, 0.002],
    ] as const) {
      const sketch = of(range(from, to, 2001));
      for (const q of [0.05, 0.5, 0.95]) {
        expect(Math.abs(quantileOf(sketch, q)! - (from + q * (to - from))), `${from} ${q}`).toBeLessThan(
          (to - from) / 20,
        );
      }
    }
    expect(quantileOf(newSketch(), 0.5)).toBe(null);
  });

  it("stays within its bound whatever comes, and loses no count", () => {
    const values = Array.from({ length: 5000 }, (_, i) => Math.sin(i) * 10 ** ((i % 40) - 20));
    for (const most of [16, 256]) {
      const sketch = of([...values, 0, 1e300, -1e300], most);
      expect(Object.keys(sketch.counts).length).toBeLessThanOrEqual(most);
      expect(countOf(sketch)).toBe(5003);
    }
  });

  it("has every number within the bounds of its bucket, in order", () => {
    for (const value of [-3, -1e-6, 0, 0.25, 7, 1e9]) {
      const { low, high } = bucketsOf(of([value]))[0]!;
      expect(low * (1 - Math.sign(low) * 1e-9)).toBeLessThanOrEqual(value);
      expect(high * (1 + Math.sign(high) * 1e-9)).toBeGreaterThanOrEqual(value);
    }
    const highs = bucketsOf(of(range(-5, 5, 300), 32)).map(({ high }) => high);
    expect([...highs].sort((a, b) => a - b)).toEqual(highs);
  });

  it("is the same from two parts as from the whole", () => {
    const [left, right] = [range(1, 900, 700), range(-3, 5, 40)];
    const parts = merged([of(left, 32), of(right, 32)]);
    const whole = of([...left, ...right], 32);
    const level = Math.max(parts.level, whole.level);
    const at = (sketch: Sketch): Sketch => merged([sketch, { level, counts: {} }]);
    expect(at(parts)).toEqual(at(whole));
  });
});
