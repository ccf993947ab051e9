import { describe, expect, it } from "vitest";
import { newSketch } from "../../../src/core/sketch.js";
import { gathered, type TestName, testsOf } from "../../../src/rollout/accusations.js";
import type { Arm, Epoch } from "../../../src/rollout/evidence.js";
import { type NewRollout, newRollout, type RolloutState } from "../../../src/rollout/state.js";
import { PLANNED } from "./planned.js";

const arm = (requests: number, errors = 0, more: Partial<Arm> = {}): Arm => ({
  requests,
  errors,
  latency: [],
  ...more,
});
const epoch = (old: Arm, fresh: Arm, router = "a"): Epoch => ({ router, generation: 3, weight: 100, old, new: fresh });
const sampled = (answers: number, invalid: number): Arm =>
  arm(answers, 0, { predictions: { answers, invalid, rows: answers, labels: {}, others: 0, numbers: newSketch() } });

const STICKY: NewRollout = { ...PLANNED, sticky: { by: "header", name: "x-user" } };

/** Looks one after the other at what has been counted until then. */
function looked(plan: NewRollout, ...looks: Epoch[][]): RolloutState {
  let state = newRollout(plan, 0);
  for (const epochs of looks) state = { ...state, epochs, wagers: gathered(state, epochs) };
  return state;
}
const log = (state: RolloutState, name: TestName): number => testsOf(state)[name].log;

describe("what a new version is accused of", () => {
  it("is what has come since the last look, of each router", () => {
    const [first, second] = [[epoch(arm(90, 1), arm(10, 2))], [epoch(arm(95, 1), arm(20, 7))]];
    const once = looked(PLANNED, first, second);
    expect(testsOf(once).errors).toMatchObject({ onNew: 7, onOld: 1 });
    expect(looked(PLANNED, first, second, second).wagers).toEqual(once.wagers);
    const other = epoch(arm(9), arm(4, 3), "b");
    expect(log(looked(PLANNED, first, [...second, other]), "errors")).toBeGreaterThan(log(once, "errors"));
    expect(log(looked(PLANNED, first, second), "refused")).toBe(0);
  });

  // With few clients, or few answers sampled, a look sees answers of one version only.
  it.each([
    ["errors", STICKY, (n: number, bad: number) => arm(n, bad)],
    ["refused", STICKY, (n: number, bad: number) => arm(n, 0, { refused: bad })],
    ["errors", PLANNED, (n: number, bad: number) => arm(n, bad)],
    ["invalid", PLANNED, sampled],
  ] as const)("is found out where each look sees a single answer: %s", (name, plan, made) => {
    const looks = Array.from({ length: 100 }, (_, i) => {
      const fresh = Math.floor(i / 5);
      return [epoch(made(i - fresh, 0), made(fresh, fresh))];
    });
    expect(log(looked(plan, ...looks), name)).toBeGreaterThan(6);
    const good = looks.map(([one]) => [{ ...one!, new: made(one!.new.requests, 0) }]);
    expect(log(looked(plan, ...good), name)).toBe(0);
  });
});
