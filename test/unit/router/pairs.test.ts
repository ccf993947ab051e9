import { describe, expect, it } from "vitest";
import type { MirrorEvidence } from "../../../src/core/evidence.js";
import { PairLog } from "../../../src/router/pairs.js";
import { DEFAULT_MIRROR } from "../../../src/router/route.js";

const RULE = { ...DEFAULT_MIRROR, from: "v1", to: "v2" };
const says = (predictions: unknown, status = 200) => ({ status, body: Buffer.from(JSON.stringify({ predictions })) });
const plain = (text: string, status = 200) => ({ status, body: Buffer.from(text) });

function pairs(
  ...all: [before: ReturnType<typeof plain>, after: ReturnType<typeof plain> | null, rows?: unknown[]][]
): MirrorEvidence {
  const log = new PairLog(3, RULE);
  for (const [before, after, rows] of all) {
    const request = rows === undefined ? null : Buffer.from(JSON.stringify({ rows }));
    log.pair({ scoring: true, request, before, after: after ?? { status: null, body: null } });
  }
  return log.report();
}

describe("answers of two versions to one request", () => {
  it("are alike where the label is, and numbers within the last digits", () => {
    expect(pairs([says(["yes", "no"]), says(["yes", "yes"])])).toMatchObject({ compared: 1, rows: 2, equal_rows: 1 });
    const { delta, ...counts } = pairs([says([1, 2, 3]), says([1 + 1e-12, 2.5, 2])]);
    expect(counts).toMatchObject({ rows: 3, equal_rows: 1, outcomes: { both: 1 } });
    expect(delta).toMatchObject({ count: 3, max: 1 });
    expect(delta.sum).toBeCloseTo(-0.5, 9);
    expect(delta.sum_squares).toBeCloseTo(1.25, 9);
    expect(delta.sum_sizes).toBeCloseTo(1.5, 9);
    expect(pairs([says([[1, 2]]), says([[1, 2 + 1e-13]])])).toMatchObject({ equal_rows: 1, delta: { count: 0 } });
    expect(pairs([says([null]), says([null])])).toMatchObject({ equal_rows: 1, outcomes: { both: 1 } });
  });

  it.each([
    ["new_failed", says([1]), plain("{}", 500)],
    ["new_failed", says([1]), null],
    ["new_refused", says([1]), plain("{}", 422)],
    ["new_invalid", says([1]), plain("not JSON")],
    ["new_invalid", says([1]), plain('{"score": [1]}')],
    ["new_invalid", says([1]), says([null])],
    ["new_invalid", says([1]), says(["1"])],
    ["new_invalid", says([1, 2]), says([1])],
    ["old_failed", plain("{}", 503), says([1])],
    ["old_failed", plain("{}"), says([1])],
    ["neither", plain("{}", 500), plain("{}", 500)],
    // What the client did wrong says nothing about the old version.
    ["neither", plain("{}", 422), says([1])],
    ["both", says([]), says([])],
  ] as const)("%s", (outcome, before, after) => {
    const { outcomes, sent } = pairs([before, after]);
    expect(outcomes[outcome]).toBe(1);
    expect(Object.values(outcomes).reduce((sum, one) => sum + one, 0)).toBe(1);
    expect(sent).toBe(1);
  });

  it("are compared by their status alone where they are no predictions", () => {
    const log = new PairLog(1, RULE);
    const page = { scoring: false, request: null, before: plain("<p>1"), after: plain("<p>2") };
    log.pair(page);
    log.pair({ ...page, after: plain("", 500) });
    expect(log.report()).toMatchObject({ compared: 0, outcomes: { both: 1, new_failed: 1 } });
  });

  it("count the old version against itself apart", () => {
    const log = new PairLog(1, RULE);
    log.repeat(says([1, 2]), says([1, 2.5]));
    log.repeat(says([1]), plain("", 500));
    expect(log.report()).toMatchObject({
      rows: 0,
      repeated: { rows: 2, equal_rows: 1, delta: { count: 2, sum: 0.5 } },
    });
  });

  it("look at no more than a hundred rows of a request", () => {
    const many = says(new Array(5000).fill(1));
    expect(pairs([many, many])).toMatchObject({ rows: 100, equal_rows: 100, compared: 1 });
  });
});

describe("where they differ", () => {
  /** As many single-row requests as rows, of which those differ that `differs` picks. */
  const asked = (rows: Record<string, unknown>[], differs: (row: Record<string, unknown>) => boolean): MirrorEvidence =>
    pairs(...rows.map((row): Parameters<typeof pairs>[0] => [says(["a"]), says([differs(row) ? "b" : "a"]), [row]]));

  it("is counted by the values of each input", () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ city: i % 4 === 0 ? "Rome" : "Oslo", age: 20 + (i % 50) }));
    const { features } = asked(rows, ({ city }) => city === "Rome");
    const byName = new Map(features.map((one) => [one.name, one]));
    expect(byName.get("city")?.categories).toEqual({ Rome: [50, 50, 0], Oslo: [150, 0, 0] });
    const ranges = byName.get("age")!.numbers;
    expect(ranges.reduce((sum, { rows: count }) => sum + count, 0)).toBe(200);
    expect(ranges.reduce((sum, { unequal }) => sum + unequal, 0)).toBe(50);
  });

  it("tells nothing that few rows have, and no long text", () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({
      name: `person ${i}`,
      note: "x".repeat(41),
      income: 1000 * i,
      rare: i < 19 ? "rare" : "often",
    }));
    const { features } = asked(rows, () => true);
    expect(features.map(({ name }) => name).sort()).toEqual(["income", "rare"]);
    expect(features.find(({ name }) => name === "rare")!.categories).toEqual({ often: [81, 81, 0] });
    for (const { rows: count } of features.find(({ name }) => name === "income")!.numbers) {
      expect(count).toBeGreaterThanOrEqual(20);
    }
  });

  it("stays within bounds whatever the inputs are", () => {
    const rows = Array.from({ length: 300 }, (_, i) =>
      Object.fromEntries(
        Array.from({ length: 80 }, (_, f) => [`f${f}`, f % 2 === 0 ? `v${i % 100}` : Math.tan(i) * 10 ** f]),
      ),
    );
    const { features } = asked(rows, () => true);
    expect(features.length).toBeLessThanOrEqual(50);
    for (const { categories, numbers } of features) {
      expect(Object.keys(categories).length).toBeLessThanOrEqual(8);
      expect(numbers.length).toBeLessThanOrEqual(16);
    }
    expect(JSON.stringify(features).length).toBeLessThan(100_000);
  });
});
