import { describe, expect, it } from "vitest";
import { type Outcome, play, WORLD, type World } from "./simulation.js";

/** The same world with other dice. */
function plays(count: number, world: Partial<World>): Outcome[] {
  return Array.from({ length: count }, (_, i) => play({ ...WORLD, ...world, seed: 1000 + i }));
}

const share = (outcomes: readonly Outcome[], phase: string): number =>
  outcomes.filter(({ state }) => state.phase === phase).length / outcomes.length;
const median = (outcomes: readonly Outcome[], of: (one: Outcome) => number): number =>
  outcomes.map(of).sort((a, b) => a - b)[Math.floor(outcomes.length / 2)]!;
const errors = (before: number, after: number): Partial<World> => ({
  errors: { old: () => before, new: () => after },
});

// Rates with a margin over what was measured with hundreds of plays; the dice are the same each time.
describe("a rollout with requests that are made up", () => {
  it.each([0, 0.005, 0.02, 0.05])("promotes a version that fails as often as the old one (%d)", (rate) => {
    const outcomes = plays(12, errors(rate, rate));
    expect(share(outcomes, "promoted")).toBe(1);
  });

  it("promotes one that fails less", () => {
    expect(share(plays(8, errors(0.03, 0.001)), "promoted")).toBe(1);
  });

  it.each([
    { from: 0.005, to: 0.02, requests: 1500, errors: 30 },
    { from: 0.005, to: 0.05, requests: 300, errors: 14 },
    { from: 0.005, to: 0.2, requests: 60, errors: 10 },
    { from: 0, to: 0.01, requests: 1200, errors: 10 },
  ])("takes one back whose failures went from $from to $to, before many were hit", ({ from, to, ...most }) => {
    const outcomes = plays(12, errors(from, to));
    expect(share(outcomes, "rolled-back")).toBeGreaterThanOrEqual(0.9);
    expect(median(outcomes, ({ served }) => served)).toBeLessThan(most.requests);
    expect(median(outcomes, ({ failed }) => failed)).toBeLessThanOrEqual(most.errors);
  });

  it("takes one out at four errors that does nothing but fail, before any driver looks", () => {
    for (const { state, failed } of plays(8, errors(0.005, 1))) {
      expect(state).toMatchObject({ phase: "rolled-back", verdict: { metric: "guard" } });
      expect(failed).toBe(4);
    }
  });

  it("does not blame the new version for an outage of both", () => {
    const outage = (t: number): number => (t > 20 && t < 40 ? 0.5 : 0.005);
    const outcomes = plays(12, { errors: { old: outage, new: outage } });
    expect(share(outcomes, "promoted")).toBeGreaterThanOrEqual(0.9);
  });

  it("takes back one that turns bad late, with all requests on it", () => {
    const outcomes = plays(6, { errors: { old: () => 0.005, new: (t) => (t > 190 ? 0.3 : 0.005) } });
    expect(share(outcomes, "rolled-back")).toBe(1);
    for (const { state } of outcomes) expect(state.verdict?.metric).toMatch(/^(bake|guard)$/);
  });

  it.each([
    [0.005, 0.05, 90],
    [0.02, 0.1, 70],
    [0.05, 0.2, 60],
  ])("takes back one that turns bad in a long step, from %d to %d", (before, after, seconds) => {
    const turning = (t: number): number => (t > 1500 ? after : before);
    const outcomes = plays(4, { errors: { old: () => before, new: turning }, stages: ["10,1h"] });
    expect(share(outcomes, "rolled-back")).toBe(1);
    expect(median(outcomes, (one) => one.seconds - 1500)).toBeLessThan(seconds);
  });

  it("takes back a slow one, and lets one be that is a little slower", () => {
    const slower = (times: number): Partial<World> => ({ median: { old: 0.01, new: 0.01 * times } });
    for (const times of [0.9, 1, 1.1, 1.2]) expect(share(plays(8, slower(times)), "promoted")).toBe(1);
    for (const [times, seconds] of [
      [1.5, 150],
      [2, 60],
      [3, 30],
      [40, 20],
    ] as const) {
      const outcomes = plays(8, slower(times));
      expect(share(outcomes, "rolled-back")).toBe(1);
      expect(outcomes[0]!.state.verdict?.metric).toBe("slow");
      expect(median(outcomes, (one) => one.seconds)).toBeLessThan(seconds);
    }
  });

  it.each([0.1, 0.5, 2])("does not blame it for moments in which either process halts, %d a second", (often) => {
    const stalls = { old: often, new: often };
    for (const stages of [["10,1m", "50,2m"], ["50,3m"], ["90,3m"]]) {
      expect(share(plays(8, { stalls, stages }), "promoted")).toBe(1);
    }
    // One that halts far more often is found out.
    const outcomes = plays(6, { stalls: { old: 0.1, new: 4 } });
    expect(share(outcomes, "rolled-back")).toBe(1);
    expect(outcomes[0]!.state.verdict?.metric).toBe("slow");
  });

  it("does not let one through that is slow, however short the steps are", () => {
    const outcomes = plays(8, { stages: ["10,2s", "50,2s"], bakeMs: 1000, median: { old: 0.01, new: 0.1 } });
    expect(share(outcomes, "rolled-back")).toBe(1);
  });

  it("takes back one whose process is gone", () => {
    const [outcome] = plays(1, { dies: 15 });
    expect(outcome!.state).toMatchObject({ phase: "rolled-back", verdict: { metric: "process" } });
    expect(outcome!.seconds).toBeLessThan(17);
  });

  it("waits for ever where too few requests come, and promotes nothing unseen", () => {
    const [outcome] = plays(1, { rate: 0, most: 600 });
    expect(outcome!.state.phase).toBe("step");
    expect(outcome!.state.verdict).toMatchObject({ outcome: "inconclusive", reason: "no request came in this step" });
  });
});
