import { beforeAll, describe, expect, it } from "vitest";
import { CASES } from "./cases.js";
import { type Comparison, compareAll, pythonWithPandas, skipped } from "./python.js";

const title = `generated modules answer as their notebooks (${pythonWithPandas ?? skipped})`;

describe.skipIf(pythonWithPandas === null)(title, () => {
  let compared: Comparison[] = [];
  beforeAll(() => {
    const altered = CASES[0]![1]();
    altered.frozen.fee_mean = "fee_mean + 1";
    compared = compareAll([...CASES.map(([, make]) => make()), altered]);
  });

  it.each(CASES.map(([name], i) => [name, i] as const))("%s", (_, i) => {
    const { wrong, rows, source } = compared[i]!;
    expect(wrong, source).toEqual([]);
    expect(rows).toBeGreaterThan(20);
  });

  it("with probabilities where the model has them", () => {
    expect(compared.slice(0, CASES.length).map((one) => one.proba)).toEqual([2, null, null, null]);
  });

  it("and a module with another mean does not", () => {
    expect(compared.at(-1)!.wrong.length).toBeGreaterThan(0);
  });
});
