import { describe, expect, it } from "vitest";
import * as cases from "./cases.js";
import { compare, pythonWithPandas, skipped } from "./python.js";

describe.skipIf(pythonWithPandas === null)(
  `generated modules answer as their notebooks (${pythonWithPandas ?? skipped})`,
  () => {
    it.each(Object.entries(cases))("%s", (_, make) => {
      const { wrong, rows, source } = compare(make());
      expect(wrong, source).toEqual([]);
      expect(rows).toBeGreaterThan(20);
    });

    it("an altered module does not", () => {
      const altered = cases.byHand();
      altered.frozen.fee_mean = "fee_mean + 1";
      expect(compare(altered).wrong.length).toBeGreaterThan(0);
    });
  },
);
