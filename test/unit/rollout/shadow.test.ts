import { describe, expect, it } from "vitest";
import type { MirrorEvidence, PairOutcome, RouterEvidence } from "../../../src/core/evidence.js";
import { addTo, newSketch } from "../../../src/core/sketch.js";
import { explain } from "../../../src/rollout/explain.js";
import type { VersionView } from "../../../src/rollout/platform.js";
import { wilson } from "../../../src/rollout/proportions.js";
import { applied, type Decision, decide, started, weightOf } from "../../../src/rollout/reducer.js";
import { foldMirror, type MirrorCounts, totalMirror, Z_LOOKED_AT } from "../../../src/rollout/shadow.js";
import { topSlices } from "../../../src/rollout/slices.js";
import {
  type Expectation,
  NO_EXPECTATION,
  newRollout,
  type Request,
  type RolloutState,
} from "../../../src/rollout/state.js";
import { PLANNED } from "./planned.js";
import { random } from "./simulation.js";

const views: VersionView[] = ["v1", "v2"].map((name) => ({
  name,
  color: "blue",
  weight: 0,
  ready: 1,
  problem: null,
  lines: [],
}));

interface Told {
  compared?: number;
  rows?: number;
  equal?: number;
  outcomes?: Partial<Record<PairOutcome, number>>;
  deltas?: number[];
  repeated?: [rows: number, equal: number];
  generation?: number;
  router?: string;
}

function mirror({
  compared = 0,
  rows = compared,
  equal = rows,
  outcomes = {},
  deltas = [],
  repeated = [0, 0],
  generation = 2,
}: Told): MirrorEvidence {
  const noDelta = () => ({ count: 0, sum: 0, sum_squares: 0, sum_sizes: 0, max: 0, sizes: newSketch() });
  const delta = noDelta();
  for (const one of deltas) {
    delta.count += 1;
    delta.sum += one;
    delta.sum_squares += one * one;
    delta.sum_sizes += Math.abs(one);
    delta.max = Math.max(delta.max, Math.abs(one));
    addTo(delta.sizes, Math.abs(one));
  }
  return {
    generation,
    from: "v1",
    to: "v2",
    sent: compared,
    dropped: {},
    outcomes: { both: compared, new_failed: 0, new_refused: 0, new_invalid: 0, old_failed: 0, neither: 0, ...outcomes },
    compared,
    rows,
    equal_rows: equal,
    delta,
    repeated: { rows: repeated[0], equal_rows: repeated[1], delta: noDelta() },
    features: [],
  };
}

const report = (told: Told): RouterEvidence => ({
  schema: "iapp.router-evidence/1",
  router: told.router ?? "one",
  generation: 2,
  now_ms: 0,
  epochs: [],
  mirror: mirror(told),
  guard: null,
});

function shadowed(expectation: Partial<Expectation> = {}): RolloutState {
  const input = {
    ...PLANNED,
    shadow: { share: 1000, ms: 1000, requests: 100 },
    expect: { ...NO_EXPECTATION, ...expectation },
  };
  const { state, effects } = started(newRollout(input, 0), 1, 0);
  expect(effects).toEqual([{ kind: "weights", weight: 0 }]);
  return applied(state, 2, 0);
}

const look = (state: RolloutState, told: Told, now = 5000): Decision =>
  decide(state, { views, evidence: [report(told)] }, now);
const times = (count: number, value: number): number[] => new Array(count).fill(value);

describe("a shadow", () => {
  it("comes first, without a request of anybody, and ends on time and pairs together", () => {
    const state = shadowed();
    expect([state.phase, state.step, weightOf(state)]).toEqual(["shadow", -1, 0]);
    expect(look(state, { compared: 500 }, 10).state).toMatchObject({
      phase: "shadow",
      verdict: { reason: expect.stringContaining("time") },
    });
    expect(look(state, { compared: 0 }).state.verdict!.reason).toBe("no request could be compared yet");
    expect(look(state, { compared: 99 }).state.verdict!.reason).toBe("too few requests could be compared yet");
    const passed = look(state, { compared: 100, equal: 3 });
    expect(passed.state).toMatchObject({ phase: "step", step: 0, verdict: null });
    expect(passed.effects).toEqual([{ kind: "weights", weight: 100 }]);
    expect(passed.state.history.at(-1)!.text).toBe("the shadow passed; v2 gets 10 %");
  });

  it.each(["new_failed", "new_refused", "new_invalid"] as const)(
    "takes back what is %s where the old one answers",
    (outcome) => {
      expect(look(shadowed(), { compared: 500, outcomes: { [outcome]: 4 } }).state.phase).toBe("step");
      const failed = look(shadowed(), { compared: 500, outcomes: { [outcome]: 15 } }, 10);
      expect(failed.state).toMatchObject({
        phase: "rolled-back",
        verdict: { metric: "shadow", numbers: { [outcome]: 15 } },
      });
      expect(failed.effects).toEqual([
        { kind: "weights", weight: 0 },
        { kind: "retire", version: "v2" },
      ]);
      // What befalls both alike is nobody's fault.
      expect(
        look(shadowed(), { compared: 500, outcomes: { [outcome]: 15, old_failed: 15, neither: 300 } }).state.phase,
      ).toBe("step");
    },
  );

  it("judges agreement only where it was expected: fail, pass, or wait", () => {
    const rows = 2000;
    const at = (share: number, agreement: number | null) =>
      look(shadowed({ agreement }), { compared: rows, rows, equal: Math.round(rows * share) }).state;
    expect(at(0.2, null).phase).toBe("step");
    expect(at(0.999, 0.98).phase).toBe("step");
    expect(at(0.9, 0.98)).toMatchObject({ phase: "rolled-back", verdict: { metric: "agreement", outcome: "fail" } });
    expect(at(0.98, 0.98)).toMatchObject({ phase: "shadow", verdict: { outcome: "inconclusive" } });
    expect(at(0.98, 0.98).verdict!.reason).toBe("it is not yet sure that the new version agrees as was expected");
  });

  it("asks for no more agreement than the old version has with itself", () => {
    const told = { compared: 2000, equal: 1850 };
    const state = shadowed({ agreement: 0.98 });
    expect(look(state, told).state.phase).toBe("rolled-back");
    expect(look(state, { ...told, repeated: [400, 360] }).state.phase).toBe("step");
    // Too few repeats say nothing.
    expect(look(state, { ...told, repeated: [29, 20] }).state.phase).toBe("rolled-back");
  });

  it("judges the mean of numeric answers only where that was expected", () => {
    const shift = (mean: number) => Array.from({ length: 400 }, (_, i) => mean + (i % 2 === 0 ? 0.1 : -0.1));
    const at = (mean: number, mean_shift: number | null) =>
      look(shadowed({ mean_shift }), { compared: 400, equal: 0, deltas: shift(mean) }).state;
    expect(at(5, null).phase).toBe("step");
    expect(at(0.01, 0.1).phase).toBe("step");
    for (const sign of [1, -1]) {
      expect(at(sign * 0.3, 0.1)).toMatchObject({ phase: "rolled-back", verdict: { metric: "mean-shift" } });
      expect(at(sign * 0.1, 0.1)).toMatchObject({ phase: "shadow", verdict: { outcome: "inconclusive" } });
    }
    const few = look(shadowed({ mean_shift: 0.1 }), { compared: 400, deltas: times(10, 0) }).state;
    expect(few.verdict!.reason).toBe("too few numbers could be compared yet");
  });

  it("obeys persons as any step does", () => {
    const asked = (what: Request["what"], state = shadowed()): Decision =>
      decide({ ...state, request: { what, by: "p", at_ms: 0, why: null } }, { views, evidence: [] }, 10);
    expect(asked("promote").state).toMatchObject({ phase: "step", step: 0 });
    expect(asked("promote-full").state).toMatchObject({ phase: "bake" });
    expect(asked("abort").state).toMatchObject({ phase: "aborted" });
    const { state: paused } = asked("pause");
    expect(look(paused, { compared: 500 }).state.phase).toBe("shadow");
    expect(asked("resume", paused).state).toMatchObject({ phase: "shadow", paused: null, since_ms: null });
  });

  it("takes over counts once, from several routers and over their restarts", () => {
    const pair = { from: "v1", to: "v2", since: 2 };
    let all: readonly MirrorCounts[] = [];
    const read = (told: Told): number => {
      all = foldMirror(all, report(told), pair);
      return totalMirror(all).compared;
    };
    expect(read({ compared: 10 })).toBe(10);
    expect(read({ compared: 10 })).toBe(10);
    expect(read({ compared: 25 })).toBe(25);
    expect(read({ compared: 5, router: "two" })).toBe(30);
    // A restart has another name; a mirroring that was begun anew another generation.
    expect(read({ compared: 1, router: "one again" })).toBe(31);
    expect(read({ compared: 4, generation: 7 })).toBe(35);
    // Of an earlier rollout of the same pair.
    expect(read({ compared: 1000, generation: 1 })).toBe(35);
    expect(foldMirror(all, { ...report({}), mirror: null }, pair)).toBe(all);
    expect(foldMirror(all, { ...report({}), mirror: { to: "v2", sent: 3 } as never }, pair)).toBe(all);
  });

  it("is shown with its intervals, its noise and its sizes", () => {
    const deltas = Array.from({ length: 1000 }, (_, i) => (i % 100) / 100 - 0.4);
    const { state } = look(
      shadowed({ agreement: 0.5 }),
      { compared: 1000, equal: 800, repeated: [100, 99], deltas },
      10,
    );
    const { shadow } = explain(state, 10);
    expect(shadow).toMatchObject({
      compared: 1000,
      wanted: 100,
      noise: 0.99,
      agreement: { share: 0.8, wanted: 0.495 },
    });
    expect([shadow!.agreement.lower, shadow!.agreement.upper]).toEqual(wilson(800, 1000, Z_LOOKED_AT));
    const { delta } = shadow!;
    expect(delta!.mean).toBeCloseTo(0.095, 6);
    expect(delta!.p50).toBeCloseTo(0.25, 1);
    expect(delta!.max).toBeCloseTo(0.59, 6);
    expect(explain(newRollout({ ...state, shadow: null }, 0), 0).shadow).toBe(null);
    expect(JSON.stringify(explain(state, 10))).not.toMatch(/null,"upper|Infinity|NaN/);
  });
});

describe("agreement that is looked at all the time", () => {
  /** Looks every 50 rows up to 20 000, as a driver does. How it ended. */
  function play(truth: number, expected: number, seed: number): string {
    const next = random(seed);
    let equal = 0;
    for (let rows = 1; rows <= 20_000; rows++) {
      equal += Number(next() < truth);
      if (rows % 50 !== 0) continue;
      const [lower, upper] = wilson(equal, rows, Z_LOOKED_AT);
      if (upper < expected) return "fail";
      if (lower >= expected && rows >= 200) return "pass";
    }
    return "open";
  }
  const share = (end: string, truth: number, expected: number): number =>
    Array.from({ length: 400 }, (_, i) => play(truth, expected, 100 + i)).filter((one) => one === end).length / 400;

  it("accuses seldom what is just good enough, and finds what is not", () => {
    expect(share("fail", 0.98, 0.98)).toBeLessThanOrEqual(0.025);
    expect(share("fail", 0.985, 0.98)).toBeLessThanOrEqual(0.01);
    expect(share("fail", 0.96, 0.98)).toBeGreaterThanOrEqual(0.95);
    expect(share("pass", 0.96, 0.98)).toBe(0);
    expect(share("pass", 0.995, 0.98)).toBe(1);
  });
});

describe("slices", () => {
  const whole = { rows: 1000, unequal: 100, delta: 0 };

  it("name where the disagreement lies, worst first, over several routers", () => {
    const half = {
      name: "city",
      categories: { Rome: [50, 40, 0], Oslo: [450, 10, 0] } as Record<string, [number, number, number]>,
      numbers: [],
    };
    const flat = {
      name: "sex",
      categories: { f: [500, 50, 0], m: [500, 50, 0] } as typeof half.categories,
      numbers: [],
    };
    expect(topSlices([half, half, flat], whole)).toEqual([
      { feature: "city", value: "Rome", rows: 100, unequal: 0.8, delta: null },
    ]);
  });

  it("put a number into quarters", () => {
    const numbers = Array.from({ length: 10 }, (_, i) => ({
      up_to: 10 * (i + 1),
      rows: 100,
      unequal: i >= 8 ? 50 : 0,
      delta: 0,
    }));
    const [slice] = topSlices([{ name: "age", categories: {}, numbers }], whole);
    expect(slice).toMatchObject({ feature: "age", value: "80 to 100", rows: 200, unequal: 0.5 });
  });

  it("go by the size of the difference where all numbers differ a little", () => {
    const categories = { big: [200, 200, 200], small: [800, 800, 80] } as Record<string, [number, number, number]>;
    const slices = topSlices([{ name: "kind", categories, numbers: [] }], { rows: 1000, unequal: 1000, delta: 280 });
    expect(slices).toEqual([{ feature: "kind", value: "big", rows: 200, unequal: 1, delta: 1 }]);
  });
});
