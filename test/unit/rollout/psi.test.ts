import { describe, expect, it } from "vitest";
import type { PredictionCounts } from "../../../src/core/evidence.js";
import { addTo, newSketch } from "../../../src/core/sketch.js";
import { predictionShift } from "../../../src/rollout/psi.js";
import { random } from "./simulation.js";

const numbers = (values: readonly number[]): PredictionCounts => {
  const counts = {
    answers: values.length,
    invalid: 0,
    rows: values.length,
    labels: {},
    others: 0,
    numbers: newSketch(),
  };
  for (const value of values) addTo(counts.numbers, value);
  return counts;
};
const labels = (counts: Record<string, number>): PredictionCounts => ({
  answers: 0,
  invalid: 0,
  rows: Object.values(counts).reduce((sum, one) => sum + one, 0),
  labels: counts,
  others: 0,
  numbers: newSketch(),
});

function normals(count: number, seed: number, mean = 300): number[] {
  const next = random(seed);
  return Array.from(
    { length: count },
    () => mean + 10 * Math.sqrt(-2 * Math.log(next() || 1e-12)) * Math.cos(2 * Math.PI * next()),
  );
}

describe("the distribution of answers", () => {
  it("of two equal versions differs by its noise, as was computed", () => {
    for (const n of [500, 1000, 4000]) {
      const shifts = Array.from({ length: 60 }, (_, i) =>
        predictionShift([numbers(normals(n, 2 * i))], [numbers(normals(n, 2 * i + 1))]),
      );
      const mean = shifts.reduce((sum, { psi }) => sum + psi!, 0) / shifts.length;
      const { noise, bins } = shifts[0]!;
      expect(bins).toBe(10);
      expect(noise).toBeCloseTo((9 * 2) / n, 10);
      // The mean of 60 has a standard error of a twelfth of the noise.
      expect(Math.abs(mean / noise - 1), `n ${n}`).toBeLessThan(0.4);
    }
  });

  it("of shifted ones differs far beyond it", () => {
    const { psi, noise } = predictionShift([numbers(normals(1000, 1))], [numbers(normals(1000, 2, 307))]);
    expect(psi! - noise).toBeGreaterThan(0.2);
  });

  it("is not told below 500 of each", () => {
    const [few, enough] = [numbers(normals(499, 1)), numbers(normals(500, 2))];
    expect(predictionShift([few], [enough]).psi).toBe(null);
    expect(predictionShift([enough], [few]).psi).toBe(null);
    expect(predictionShift([enough], [few, few]).psi).not.toBe(null);
    expect(predictionShift([], [])).toMatchObject({ psi: null, rows_old: 0, rows_new: 0 });
  });

  it("of labels is that of their shares, also of one that only one of them says", () => {
    const same = predictionShift([labels({ yes: 300, no: 700 })], [labels({ yes: 3000, no: 7000 })]);
    expect(same.psi!).toBeLessThan(0.001);
    const other = predictionShift([labels({ yes: 300, no: 700 })], [labels({ yes: 500, no: 400, maybe: 100 })]);
    expect(other.bins).toBe(3);
    expect(Number.isFinite(other.psi)).toBe(true);
    expect(other.psi!).toBeGreaterThan(0.3);
  });

  it("has as many bins as numbers can tell apart", () => {
    const { bins, psi } = predictionShift(
      [numbers([...new Array(600).fill(0), ...new Array(400).fill(1)])],
      [numbers([...new Array(500).fill(0), ...new Array(500).fill(1)])],
    );
    expect(bins).toBe(2);
    expect(psi!).toBeCloseTo(0.1 * Math.log(0.5 / 0.4) + 0.1 * Math.log(0.6 / 0.5), 2);
  });
});
