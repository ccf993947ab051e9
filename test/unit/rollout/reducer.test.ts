import { describe, expect, it } from "vitest";
import { LATENCY_BOUNDS, type RouterEvidence } from "../../../src/core/evidence.js";
import { NO_PACE } from "../../../src/rollout/pace.js";
import type { VersionView } from "../../../src/rollout/platform.js";
import { applied, type Decision, decide, type Seen, started, weightOf } from "../../../src/rollout/reducer.js";
import { isOver, newRollout, type Request, type RolloutState } from "../../../src/rollout/state.js";

const STAGES = [
  { weight: 100, ms: 1000, requests: 100 },
  { weight: 500, ms: 1000, requests: 100 },
];
const LIMITS = { excess: 0.02, alpha: 0.01, unproven: false };

function beginning(): RolloutState {
  const input = { id: "r", from: "v1", to: "v2", by: "somebody", stages: STAGES, bake_ms: 1000, limits: LIMITS };
  const { state } = started(newRollout(input, 0), 1, 0);
  return state;
}

type Arm = [requests: number, errors: number];

/** A router that has counted this much in each epoch since the beginning. */
function evidence(
  epochs: [generation: number, weight: number, old: Arm, fresh: Arm][],
  guarded = false,
): RouterEvidence {
  const arm = ([requests, errors]: Arm) => {
    const latency = new Array(LATENCY_BOUNDS.length + 1).fill(0);
    latency[40] = requests;
    return { requests, errors, latency };
  };
  return {
    schema: "iapp.router-evidence/1",
    router: "one",
    generation: epochs.at(-1)?.[0] ?? 1,
    now_ms: 0,
    epochs: epochs.map(([generation, weight, old, fresh]) => ({
      generation,
      since_ms: 0,
      weights: { v1: 1000 - weight, v2: weight },
      versions: { v1: arm(old), v2: arm(fresh) },
    })),
    mirror: {} as RouterEvidence["mirror"],
    guard: guarded ? { version: "v2", reason: "4 requests in a row failed", at_ms: 0 } : null,
  };
}

const view = (ready: number): VersionView[] => [
  { name: "v1", color: "blue", weight: 0, ready: 1, problem: null, lines: [] },
  { name: "v2", color: "green", weight: 0, ready, problem: ready > 0 ? null : "ended", lines: ["last words"] },
];

/** Everything that can happen between two looks. */
const HAPPENINGS: Record<string, (state: RolloutState) => { seen: Seen; ms?: number; request?: Request["what"] }> = {
  good: (state) => ({ seen: { views: view(1), evidence: [all(state, [2000, 4], [2000, 4])] }, ms: 1500 }),
  few: (state) => ({ seen: { views: view(1), evidence: [all(state, [50, 0], [3, 0])] }, ms: 1500 }),
  none: () => ({ seen: { views: view(1), evidence: [] }, ms: 1500 }),
  blind: () => ({ seen: { views: null, evidence: [] }, ms: 1500 }),
  early: (state) => ({ seen: { views: view(1), evidence: [all(state, [2000, 4], [2000, 4])] }, ms: 1 }),
  failing: (state) => ({ seen: { views: view(1), evidence: [all(state, [2000, 4], [2000, 600])] } }),
  guarded: (state) => ({ seen: { views: view(1), evidence: [{ ...all(state, [9, 0], [4, 4]), guard: GUARD }] } }),
  dead: () => ({ seen: { views: view(0), evidence: [] } }),
  gone: () => ({ seen: { views: view(1).slice(0, 1), evidence: [] } }),
  edited: (state) => ({ seen: { views: view(1), evidence: [edited(state)] } }),
  pause: () => ({ seen: { views: view(1), evidence: [] }, request: "pause" }),
  resume: () => ({ seen: { views: view(1), evidence: [] }, request: "resume" }),
  promote: () => ({ seen: { views: view(1), evidence: [] }, request: "promote" }),
  full: () => ({ seen: { views: view(1), evidence: [] }, request: "promote-full" }),
  abort: () => ({ seen: { views: null, evidence: [] }, request: "abort" }),
};

const GUARD = { version: "v2", reason: "4 requests in a row failed", at_ms: 0 };
const BAD = new Set(["failing", "guarded", "dead", "gone"]);
const PERSONS = new Set(["promote", "full"]);

function all(state: RolloutState, old: Arm, fresh: Arm): RouterEvidence {
  return evidence([[state.step_generation, weightOf(state), old, fresh]]);
}

/** Somebody has given the router a newer route. */
function edited(state: RolloutState): RouterEvidence {
  return evidence([[state.step_generation + 1, (weightOf(state) + 7) % 1001, [0, 0], [0, 0]]]);
}

interface Path {
  state: RolloutState;
  /** What was asked of the platform last: the share of the new version, and which one was retired. */
  weight: number;
  retired: string | null;
  now: number;
  generation: number;
  events: string[];
}

/** The first step, its weights applied. */
const firstStep = (): Path => ({
  state: applied(beginning(), 2, 0),
  weight: 100,
  retired: null,
  now: 0,
  generation: 2,
  events: [],
});

function step(path: Path, event: string): { before: Path; after: Path; decision: Decision } {
  const { seen, ms = 500, request } = HAPPENINGS[event]!(path.state);
  const now = path.now + ms;
  const asked: Request | null = request === undefined ? null : { what: request, by: "p", at_ms: now, why: null };
  const decision = decide({ ...path.state, request: asked }, seen, now);
  const after: Path = { ...path, state: decision.state, now, events: [...path.events, event] };
  for (const effect of decision.effects) {
    if (effect.kind === "weights") {
      after.weight = effect.weight;
      after.generation += 1;
      if (!isOver(after.state)) after.state = applied(after.state, after.generation, now);
    } else after.retired = effect.version;
  }
  return { before: path, after, decision };
}

/** What must hold of every single look. */
function check({ before, after, decision }: ReturnType<typeof step>): void {
  const event = after.events.at(-1)!;
  const where = after.events.join(" ");
  const { state } = after;
  // The route is what the state says, at all times.
  expect(after.weight, where).toBe(weightOf(state));
  expect(state.request, where).toBe(null);
  // Nothing ends that still gets requests, and only after a verdict.
  const kinds = decision.effects.map(({ kind }) => kind);
  if (kinds.includes("retire")) {
    expect(kinds, where).toEqual(["weights", "retire"]);
    expect(after.retired, where).toBe(state.phase === "promoted" ? "v1" : "v2");
    expect(isOver(state), where).toBe(true);
  }
  if (isOver(state)) expect(state.verdict, where).not.toBe(null);
  // What is bad ends it at once; a person's word to stop does, too.
  if (BAD.has(event)) expect(state.phase, where).toBe("rolled-back");
  if (event === "abort") expect(state.phase, where).toBe("aborted");
  // Weights rise by one step at a look, and not while paused, and not without evidence or a person's word.
  const rose = weightOf(state) > weightOf(before.state) || state.phase === "promoted";
  if (rose && !PERSONS.has(event)) {
    expect(before.state.paused, where).toBe(null);
    expect(after.now - before.state.since_ms!, where).toBeGreaterThanOrEqual(1000);
    const seen = state.epochs.find(({ generation }) => generation === before.state.step_generation);
    if (before.state.phase === "step") expect(seen?.new.requests, where).toBeGreaterThanOrEqual(100);
  }
  // What somebody has changed by hand is set again, but for a person's pause.
  if (event === "edited" && before.state.paused === null && before.state.since_ms !== null) {
    expect(kinds, where).toEqual(["weights"]);
    expect(after.weight, where).toBe(before.weight);
  }
  if (event === "pause") expect(weightOf(state), where).toBe(weightOf(before.state));
  expect(state.history.length, where).toBeGreaterThanOrEqual(before.state.history.length);
}

describe("the reducer", () => {
  it("keeps its promises over all sequences of what can happen", () => {
    let paths: Path[] = [firstStep()];
    const known = new Set<string>();
    const ends = new Map<string, number>();
    let looks = 0;
    for (let depth = 0; depth < 7 && paths.length > 0; depth++) {
      const next: Path[] = [];
      for (const path of paths) {
        for (const event of Object.keys(HAPPENINGS)) {
          const taken = step(path, event);
          looks += 1;
          check(taken);
          const { state } = taken.after;
          if (isOver(state)) {
            ends.set(state.phase, (ends.get(state.phase) ?? 0) + 1);
            // The end is the end, whatever comes.
            expect(decide(state, { views: view(0), evidence: [] }, 1e9)).toEqual({ state, effects: [] });
            continue;
          }
          // Two paths to the same situation have the same future.
          const situation = JSON.stringify([
            state.phase,
            state.step,
            state.paused !== null,
            state.epochs.map((epoch) => [epoch.weight, epoch.new.requests, epoch.old.requests]),
            taken.after.now - (state.since_ms ?? 0),
          ]);
          if (known.has(situation)) continue;
          known.add(situation);
          next.push(taken.after);
        }
      }
      paths = next;
    }
    expect(looks).toBeGreaterThan(3000);
    expect([...ends.keys()].sort()).toEqual(["aborted", "promoted", "rolled-back"]);
  });

  it("goes through its steps with enough evidence, in the shortest order", () => {
    let path: Path = firstStep();
    const weights: number[] = [];
    for (const event of ["good", "good", "good"]) {
      path = step(path, event).after;
      weights.push(path.weight);
    }
    expect(weights).toEqual([500, 1000, 1000]);
    expect(path).toMatchObject({ state: { phase: "promoted", verdict: { outcome: "pass" } }, retired: "v1" });
  });

  it("sets weights again that were changed by hand, says so, and begins the step's time anew", () => {
    const state = applied(beginning(), 2, 0);
    const look = (evidence: RouterEvidence) => decide(state, { views: view(1), evidence: [evidence] }, 500);
    const { state: after, effects } = look(edited(state));
    expect(effects).toEqual([{ kind: "weights", weight: 100 }]);
    expect(after.since_ms).toBe(null);
    expect(after.history.at(-1)!.text).toBe("the weights were changed by hand; v2 gets 10 % again");
    // A router that is behind follows by itself, and a newer route with the same weights changes nothing.
    expect(look(evidence([[1, 0, [9, 0], [0, 0]]])).effects).toEqual([]);
    expect(look(evidence([[3, 100, [9, 0], [1, 0]]])).effects).toEqual([]);
  });

  it("says what it waits for", () => {
    const state = applied(beginning(), 2, 0);
    const waits = (seen: RouterEvidence | null, now = 2000): string | undefined =>
      decide(state, { views: view(1), evidence: seen === null ? [] : [seen] }, now).state.verdict?.reason;
    expect(waits(null, 10)).toBe("the time of this step is not over");
    expect(waits(null)).toBe("no request came in this step");
    expect(waits(evidence([[2, 100, [900, 0], [99, 0]]]))).toBe("too few requests came in this step");
    expect(waits(evidence([[2, 100, [900, 9], [100, 2]]]))).toBe(
      "it is not yet sure that the new version fails no more often",
    );
    const doubted = { ...state, pace: { ...NO_PACE, wager: { ...NO_PACE.wager, reserve: Math.exp(2) } } };
    const seen = { views: view(1), evidence: [evidence([[2, 100, [900, 0], [150, 0]]])] };
    expect(decide(state, seen, 2000).effects).toEqual([{ kind: "weights", weight: 500 }]);
    const held = decide(doubted, seen, 2000);
    expect(held).toMatchObject({ effects: [], state: { verdict: { numbers: { log_evidence: 2 } } } });
    expect(held.state.verdict?.reason).toBe("it is not yet sure that the new version answers no more slowly");
  });

  it("asks for the weights again after a driver that may have died before they were applied", () => {
    const state = { ...applied(beginning(), 2, 0), since_ms: null };
    const { effects } = decide(state, { views: view(1), evidence: [] }, 5000);
    expect(effects).toEqual([{ kind: "weights", weight: 100 }]);
  });

  it("goes on without evidence only where that was asked for", () => {
    const free = applied({ ...beginning(), limits: { ...LIMITS, unproven: true } }, 2, 0);
    expect(decide(free, { views: view(1), evidence: [] }, 2000).effects).toEqual([{ kind: "weights", weight: 500 }]);
  });

  it("takes all requests back when the new version fails far more during the bake than the old one did", () => {
    let path: Path = firstStep();
    for (const event of ["good", "good"]) path = step(path, event).after;
    expect(path.state.phase).toBe("bake");
    const baking = (errors: number): Decision =>
      decide(
        path.state,
        { views: view(1), evidence: [evidence([[path.generation, 1000, [0, 0], [400, errors]]])] },
        path.now,
      );
    expect(baking(4).state.phase).toBe("bake");
    expect(baking(80).state).toMatchObject({ phase: "rolled-back", verdict: { metric: "bake" } });
    expect(baking(80).effects).toEqual([
      { kind: "weights", weight: 0 },
      { kind: "retire", version: "v2" },
    ]);
  });
});
