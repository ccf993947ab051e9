import { describe, expect, it } from "vitest";
import { type EvidenceEpoch, LATENCY_BOUNDS, type RouterEvidence } from "../../../src/core/evidence.js";
import { isWorse } from "../../../src/rollout/attribution.js";
import { type Epoch, errorShares, fold, quantileIndex, slowShares, total } from "../../../src/rollout/evidence.js";

const PAIR = { from: "v1", to: "v2", since: 2 };

/** Answers of one version: so many, failures among them, all as fast as the bucket says. */
function counts(requests: number, errors = 0, bucket = 40): EvidenceEpoch["versions"][string] {
  const latency = new Array(LATENCY_BOUNDS.length + 1).fill(0);
  latency[bucket] = requests;
  return { requests, errors, latency };
}

function report(router: string, ...epochs: [number, number, EvidenceEpoch["versions"]][]): RouterEvidence {
  return {
    schema: "iapp.router-evidence/1",
    router,
    generation: epochs.at(-1)?.[0] ?? 0,
    now_ms: 0,
    epochs: epochs.map(([generation, weight, versions]) => ({
      generation,
      since_ms: 0,
      weights: { v1: 1000 - weight, v2: weight },
      versions,
    })),
    mirror: {} as RouterEvidence["mirror"],
    guard: null,
  };
}

describe("what routers have counted", () => {
  it("is taken over once, however often it is read", () => {
    const first = report("a", [2, 0, { v1: counts(50) }], [3, 100, { v1: counts(90, 1), v2: counts(10, 2) }]);
    let epochs = fold([], first, PAIR);
    epochs = fold(epochs, first, PAIR);
    expect(total(epochs)).toMatchObject({ old: { requests: 140, errors: 1 }, new: { requests: 10, errors: 2 } });
    const later = report("a", [2, 0, { v1: counts(50) }], [3, 100, { v1: counts(180, 1), v2: counts(20, 2) }]);
    expect(total(fold(epochs, later, PAIR)).new.requests).toBe(20);
  });

  it("leaves out what was before the rollout", () => {
    const epochs = fold([], report("a", [1, 0, { v1: counts(1000, 500) }], [2, 0, { v1: counts(3) }]), PAIR);
    expect(total(epochs).old).toMatchObject({ requests: 3, errors: 0 });
  });

  it("survives a router that starts anew, and adds up several routers", () => {
    let epochs = fold([], report("a", [3, 100, { v1: counts(90, 1), v2: counts(10, 2) }]), PAIR);
    epochs = fold(epochs, report("b", [3, 100, { v1: counts(9), v2: counts(1) }]), PAIR);
    expect(total(epochs)).toMatchObject({ old: { requests: 99, errors: 1 }, new: { requests: 11, errors: 2 } });
  });

  it("keeps weights with their errors", () => {
    const epochs = fold([], report("a", [3, 100, { v2: counts(9, 4) }], [4, 500, { v1: counts(5, 1) }]), PAIR);
    expect(errorShares(epochs)).toEqual([
      { weight: 0.1, onNew: 4, onOld: 0 },
      { weight: 0.5, onNew: 0, onOld: 1 },
    ]);
  });
});

describe("slow answers", () => {
  const slow = (epochs: Epoch[]): unknown[] => slowShares(epochs).map(({ onNew, onOld }) => [onNew, onOld]);

  it("are those far beyond the old version's p95 before", () => {
    const before: [number, number, EvidenceEpoch["versions"]] = [2, 0, { v1: counts(200, 0, 40) }];
    let epochs = fold([], report("a", before), PAIR);
    // 1.15 ** 3 is 1.52: three buckets on is beyond, two is not.
    for (const [bucket, expected] of [
      [42, 0],
      [43, 0],
      [44, 30],
    ] as const) {
      const after = fold(epochs, report("a", before, [3, 100, { v1: counts(270), v2: counts(30, 0, bucket) }]), PAIR);
      expect(slow(after).at(-1)).toEqual([expected, 0]);
    }
    // What is slow does not change while an epoch lasts, whatever the old version does meanwhile.
    epochs = fold(epochs, report("a", before, [3, 100, { v1: counts(1, 0, 40) }]), PAIR);
    const threshold = epochs.at(-1)!.slow_above;
    epochs = fold(epochs, report("a", before, [3, 100, { v1: counts(5000, 0, 80) }]), PAIR);
    expect(epochs.at(-1)!.slow_above).toBe(threshold);
    expect(slow(epochs).at(-1)).toEqual([0, 5000]);
  });

  it("are not told before the old version has shown enough", () => {
    const few: [number, number, EvidenceEpoch["versions"]] = [2, 0, { v1: counts(99) }];
    const epochs = fold(fold([], report("a", few), PAIR), report("a", few, [3, 100, { v2: counts(9, 0, 99) }]), PAIR);
    expect(epochs.at(-1)!.slow_above).toBe(null);
    expect(slow(epochs).at(-1)).toEqual([0, 0]);
  });

  it("are counted from then on where that is known in the middle of a step", () => {
    const few: [number, number, EvidenceEpoch["versions"]] = [2, 0, { v1: counts(60) }];
    const step = (old: number, fresh: number): RouterEvidence =>
      report("a", few, [3, 500, { v1: counts(old), v2: counts(fresh, 0, 60) }]);
    let epochs = fold(fold([], report("a", few), PAIR), step(50, 50), PAIR);
    expect([epochs.at(-1)!.slow_above, slow(epochs).at(-1)]).toEqual([null, [0, 0]]);
    // What has been read before is enough now; its own slow answers are left out.
    epochs = fold(epochs, step(80, 80), PAIR);
    expect(epochs.at(-1)!.slow_before).toEqual({ old: 0, new: 50 });
    expect(slow(epochs).at(-1)).toEqual([30, 0]);
    epochs = fold(epochs, step(200, 200), PAIR);
    expect(slow(epochs).at(-1)).toEqual([150, 0]);
  });

  it("know their quantiles", () => {
    expect(quantileIndex([10, 10, 0, 80], 0.05)).toBe(0);
    expect(quantileIndex([10, 10, 0, 80], 0.2)).toBe(1);
    expect(quantileIndex([10, 10, 0, 80], 0.95)).toBe(3);
  });
});

describe("slow answers beside failures", () => {
  const arm = (requests: number, errors: number, slow: number) => {
    const latency = new Array(LATENCY_BOUNDS.length + 1).fill(0);
    latency[40] = requests - errors - slow;
    latency[60] = slow;
    return { requests, errors, latency };
  };
  const during = (old: Epoch["old"], fresh: Epoch["new"]): Epoch[] => [
    { router: "a", generation: 3, weight: 500, old, new: fresh, slow_above: 50 },
  ];

  it("do not accuse the new version while the old one fails too fast to be slow", () => {
    expect(isWorse(slowShares(during(arm(408, 370, 0), arm(370, 0, 20))), 0.01)).toBe(false);
    expect(isWorse(slowShares(during(arm(408, 0, 0), arm(370, 0, 20))), 0.01)).toBe(true);
    // One that is slower is found out all the same.
    expect(isWorse(slowShares(during(arm(408, 200, 5), arm(370, 0, 120))), 0.01)).toBe(true);
  });

  it("are no more its fault because it fails, too: that is another test's business", () => {
    const [share] = slowShares(during(arm(400, 0, 10), arm(400, 300, 10)));
    expect(share).toEqual({ weight: 0.5, onNew: 10, onOld: 10 });
  });
});
