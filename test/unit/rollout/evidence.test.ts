import { describe, expect, it } from "vitest";
import { type EvidenceEpoch, LATENCY_BOUNDS, type RouterEvidence } from "../../../src/core/evidence.js";
import { errorShares, fold, quantileIndex, total } from "../../../src/rollout/evidence.js";

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

describe("answer times", () => {
  it("know their quantiles", () => {
    expect(quantileIndex([10, 10, 0, 80], 0.05)).toBe(0);
    expect(quantileIndex([10, 10, 0, 80], 0.2)).toBe(1);
    expect(quantileIndex([10, 10, 0, 80], 0.95)).toBe(3);
  });
});
