import { describe, expect, it } from "vitest";
import { type ArmCounts, LATENCY_BOUNDS, type RouterEvidence } from "../../../src/core/evidence.js";
import { newSketch } from "../../../src/core/sketch.js";
import { NO_PACE } from "../../../src/rollout/pace.js";
import type { VersionView } from "../../../src/rollout/platform.js";
import { applied, decide, type Effect, failedToStart, started, weightOf } from "../../../src/rollout/reducer.js";
import { isOver, newRollout, type Phase, type Request, type RolloutState } from "../../../src/rollout/state.js";
import { PLANNED } from "./planned.js";

/**
 * A model of everything that takes part in a rollout, explored exhaustively: a driver that may die between any two things that it does, a
 * router that applies late and restarts, versions that die or fail, persons who ask for things at any time. Time is either not over or over.
 */
interface Model {
  state: RolloutState;
  /** What is left to be done of the last decision; null: there is no driver. */
  todo: (Effect | { kind: "note" })[] | null;
  /** Weight of the new version: as written, and as the router has applied it. */
  written: number;
  applied: number;
  /** Versions whose process runs, and whether the new one has ever been ready. */
  old: boolean;
  fresh: "none" | "ready" | "dead" | "retired";
  oldRetired: boolean;
  guarded: boolean;
  evidence: "none" | "good" | "bad";
  router: number;
  /** Of the route: grows when it changes. */
  generation: number;
  now: number;
}

function beginning(shadow: boolean): Model {
  const state = newRollout({ ...PLANNED, shadow: shadow ? { share: 1000, ms: 1000, requests: 10 } : null }, 0);
  const clean = { ...state, started_ms: 0, updated_ms: 0 };
  return {
    state: clean,
    todo: null,
    written: 0,
    applied: 0,
    old: true,
    fresh: "none",
    oldRetired: false,
    guarded: false,
    evidence: "none",
    router: 1,
    generation: 1,
    now: 0,
  };
}

const views = (model: Model): VersionView[] => {
  const view = (name: string, ready: boolean): VersionView => {
    return { name, color: "blue", weight: 0, ready: Number(ready), problem: ready ? null : "ended", lines: [] };
  };
  const fresh = model.fresh === "ready" || model.fresh === "dead" ? [view("v2", model.fresh === "ready")] : [];
  return [...(model.oldRetired ? [] : [view("v1", model.old)]), ...fresh];
};

const ARMS = new Map<string, ArmCounts>();

/** Made once each: they are asked for a million times. */
function arm(requests: number, errors: number): ArmCounts {
  const key = `${requests} ${errors}`;
  const latency = new Array(LATENCY_BOUNDS.length + 1).fill(0);
  latency[40] = requests;
  const made = ARMS.get(key) ?? { requests, errors, latency };
  ARMS.set(key, made);
  return made;
}

function evidence(model: Model): RouterEvidence[] {
  const { generation } = model;
  const [requests, errors] = model.evidence === "none" ? [0, 0] : [1000, model.evidence === "bad" ? 400 : 0];
  const delta = () => ({ count: 0, sum: 0, sum_squares: 0, sum_sizes: 0, max: 0, sizes: newSketch() });
  const outcomes = {
    both: requests - errors,
    new_failed: errors,
    new_refused: 0,
    new_invalid: 0,
    old_failed: 0,
    neither: 0,
  };
  return [
    {
      schema: "iapp.router-evidence/1",
      router: `router ${model.router}`,
      generation,
      now_ms: 0,
      epochs: [
        {
          generation,
          since_ms: 0,
          weights: { v1: 1000 - model.applied, v2: model.applied },
          versions: { v1: arm(1000, 0), v2: model.applied > 0 ? arm(requests, errors) : arm(0, 0) },
        },
      ],
      mirror:
        model.state.phase === "shadow"
          ? {
              generation,
              from: "v1",
              to: "v2",
              sent: requests,
              dropped: {},
              outcomes,
              compared: requests - errors,
              rows: requests,
              equal_rows: requests,
              delta: delta(),
              repeated: { rows: 0, equal_rows: 0, delta: delta() },
              features: [],
            }
          : null,
      guard: model.guarded ? { version: "v2", reason: "failed", at_ms: 0 } : null,
    },
  ];
}

type Action = [name: string, next: Model];

/** Everything that can happen next. */
function actions(model: Model): Action[] {
  const found: Action[] = [];
  const add = (name: string, change: Partial<Model>): void => void found.push([name, { ...model, ...change }]);
  const { state, todo } = model;
  const over = isOver(state);
  // The driver: starts, is killed, does the next thing, or looks.
  if (todo === null) add("driver begins", takeUp(model));
  else {
    add("driver dies", { todo: null });
    const [next, ...rest] = todo;
    if (next !== undefined) found.push([`driver: ${next.kind}`, carryOut(model, next, rest)]);
    else if (!over && state.phase === "starting") {
      const ready = started(state, 1, model.now);
      add("version is ready", { fresh: "ready", state: tidy(ready.state), todo: withNote(ready.effects) });
      const failed = failedToStart(state, "ended", [], model.now);
      add("version does not start", { fresh: "dead", state: tidy(failed.state), todo: withNote(failed.effects) });
    } else if (!over) {
      for (const blind of [false, true]) {
        const seen = blind ? { views: null, evidence: [] } : { views: views(model), evidence: evidence(model) };
        const decision = decide(state, seen, model.now);
        add(blind ? "driver looks, sees nothing" : "driver looks", {
          state: tidy(decision.state),
          todo: withNote(decision.effects),
        });
      }
    }
  }
  // Persons, at any time until it is over; the last word counts.
  if (!over && state.request === null) {
    for (const what of ["pause", "resume", "promote", "promote-full", "abort"] as const) {
      if (what === "pause" && state.paused !== null) continue;
      const request: Request = { what, by: "p", at_ms: 0, why: null };
      add(`person: ${what}`, { state: { ...state, request } });
    }
  }
  // The world.
  if (!over && state.since_ms !== null && model.now - state.since_ms < 1000)
    add("time passes", { now: state.since_ms + 2000 });
  if (model.applied > 0 || state.phase === "shadow") {
    if (model.evidence === "none") {
      add("requests go well", { evidence: "good" });
      add("requests fail", { evidence: "bad" });
    }
    if (model.applied > 0 && model.applied < 1000 && !model.guarded) add("guard", { guarded: true, applied: 0 });
  }
  if (model.router === 1)
    add("router restarts", { router: 2, evidence: "none", guarded: false, applied: model.written });
  if (model.fresh === "ready") add("new version dies", { fresh: "dead" });
  return found;
}

/** History and times that change nothing are left out, so that equal situations are found to be equal. */
function tidy(state: RolloutState): RolloutState {
  return { ...state, history: [], updated_ms: 0, started_ms: 0, pace: NO_PACE };
}

/** A decision is written first; after the weights it is noted that they are applied. */
const withNote = (effects: readonly Effect[]): (Effect | { kind: "note" })[] =>
  effects.flatMap((effect): (Effect | { kind: "note" })[] =>
    effect.kind === "weights" ? [effect, { kind: "note" }] : [effect],
  );

function takeUp(model: Model): Partial<Model> {
  const { state } = model;
  if (isOver(state)) {
    const [weight, loser] = state.phase === "promoted" ? [1000, state.from] : [0, state.to];
    const there = loser === "v1" ? !model.oldRetired : model.fresh === "ready" || model.fresh === "dead";
    return {
      todo: there
        ? [
            { kind: "weights", weight },
            { kind: "retire", version: loser },
          ]
        : [],
    };
  }
  return { todo: [], state: state.phase === "starting" ? state : { ...state, since_ms: null } };
}

function carryOut(model: Model, effect: Effect | { kind: "note" }, todo: Model["todo"]): Model {
  if (effect.kind === "note") {
    const { state } = model;
    return { ...model, todo, state: isOver(state) ? state : applied(state, model.generation, model.now) };
  }
  if (effect.kind === "retire") {
    const weight = effect.version === "v2" ? model.written : 1000 - model.written;
    expect(weight, "only what gets nothing is retired").toBe(0);
    expect(effect.version === "v2" ? model.applied : 1000 - model.applied, "as the router has it").toBe(0);
    return effect.version === "v2" ? { ...model, todo, fresh: "retired" } : { ...model, todo, oldRetired: true };
  }
  // A change of the route waits until the router has it; the guard's own doing ends with a new route.
  const same = effect.weight === model.written;
  const now = same && model.guarded ? model.applied : effect.weight;
  return {
    ...model,
    todo,
    written: effect.weight,
    generation: model.generation + Number(!same),
    applied: now,
    guarded: same && model.guarded,
    evidence: same ? model.evidence : "none",
  };
}

const ORDER: Phase[] = ["starting", "shadow", "step", "bake", "promoted"];

/** What must hold from one situation to the next. */
function check([name, after]: Action, before: Model): void {
  const where = `${name}: ${before.state.phase} -> ${after.state.phase}`;
  if (isOver(before.state)) expect(after.state.phase, `an end is final: ${where}`).toBe(before.state.phase);
  else if (!["rolled-back", "aborted"].includes(after.state.phase)) {
    expect(ORDER.indexOf(after.state.phase), `no way back: ${where}`).toBeGreaterThanOrEqual(
      ORDER.indexOf(before.state.phase),
    );
  }
  if (after.written > before.written) {
    expect(after.fresh, `weight only for what was ready: ${where}`).not.toBe("none");
    expect(isOver(after.state) && after.state.phase !== "promoted", `no weight after the end: ${where}`).toBe(false);
  }
  // A look obeys a request or leaves it for when it can be obeyed; it never loses it.
  if (name.startsWith("driver looks") && before.state.request !== null) {
    const { what } = before.state.request;
    if (what === "abort") expect(after.state.phase, where).toBe("aborted");
    if (what === "pause" && !isOver(after.state)) expect(after.state.paused, where).not.toBe(null);
    if (what === "resume" && !isOver(after.state)) expect(after.state.paused, where).toBe(null);
    if (what.startsWith("promote"))
      expect(after.state.phase !== before.state.phase || after.state.step !== before.state.step, where).toBe(true);
    expect(after.state.request, where).toBe(null);
  }
  // What was seen before a person moved it on still counts.
  const known =
    before.state.epochs.some((epoch) => epoch.new.errors > 0) ||
    before.state.mirrors.some(({ outcomes }) => outcomes.new_failed > 0);
  if (name === "driver looks, sees nothing" && before.state.request === null && !known) {
    expect(["rolled-back", "aborted"], `nothing is concluded from silence: ${where}`).not.toContain(after.state.phase);
  }
}

interface Explored {
  models: Map<string, Model>;
  from: Map<string, string[]>;
  ends: Map<string, number>;
  /** Whether all that can be reached was. */
  whole: boolean;
}

const keyOf = (model: Model): string => {
  const { state, now, generation: _route, ...rest } = model;
  // Only whether the time of the step is over matters, and which epochs there are.
  const elapsed = state.since_ms === null ? null : now - state.since_ms >= 1000;
  const {
    since_ms: _since,
    step_generation: _generation,
    first_generation: _first,
    verdict,
    epochs,
    mirrors,
    paused,
    ...kept
  } = state;
  // Of the counts only whether there are any: each is enough for its verdict.
  const seen = [
    epochs.some((one) => one.new.errors > 0),
    epochs.some((one) => one.new.requests > 0),
    epochs.some(({ generation, ...one }) => generation >= state.step_generation && one.new.requests > 0),
    mirrors.some(({ outcomes }) => outcomes.new_failed > 0),
    mirrors.some(({ compared }) => compared > 0),
  ];
  return JSON.stringify([rest, kept, elapsed, verdict?.metric, seen, paused !== null]);
};

function explore(first: Model, most: number): Explored {
  const models = new Map([[keyOf(first), first]]);
  const from = new Map<string, string[]>();
  const ends = new Map<string, number>();
  const queue = [first];
  for (let at = 0; at < queue.length && models.size < most; at++) {
    const before = queue[at]!;
    const key = keyOf(before);
    for (const action of actions(before)) {
      check(action, before);
      const after = action[1];
      const next = keyOf(after);
      const known = from.get(next);
      if (known === undefined) from.set(next, [key]);
      else known.push(key);
      if (models.has(next)) continue;
      models.set(next, after);
      queue.push(after);
      if (isOver(after.state)) ends.set(after.state.phase, (ends.get(after.state.phase) ?? 0) + 1);
    }
  }
  return { models, from, ends, whole: models.size < most };
}

/** A situation in which nothing is left to be done: the loser has nothing and is gone. */
const isClean = ({ state, todo, written, applied: now, fresh, oldRetired }: Model): boolean => {
  if (!isOver(state) || (todo !== null && todo.length > 0)) return false;
  if (state.phase === "promoted") return written === 1000 && now === 1000 && oldRetired;
  return written === 0 && now === 0 && (fresh === "retired" || fresh === "none");
};

describe.each([
  ["without a shadow", false],
  ["with a shadow", true],
])("a model of a rollout %s", (_what, shadow) => {
  const { models, from, ends, whole } = explore(beginning(shadow), 120_000);

  it("keeps its invariants in every situation that can be reached", () => {
    expect(models.size).toBeGreaterThan(1000);
    expect([...ends.keys()].sort()).toEqual(["aborted", "promoted", "rolled-back"]);
    for (const model of models.values()) {
      const { state, todo } = model;
      if (!isOver(state) && state.phase !== "starting" && todo?.length === 0 && state.since_ms !== null) {
        expect(model.written, "the route is what the state says").toBe(weightOf(state));
      }
      if (state.phase === "shadow" || state.phase === "starting") expect(model.written).toBe(0);
      if (isOver(state)) expect(state.verdict).not.toBe(null);
    }
  });

  it("has no situation from which it cannot be brought to a clean end", () => {
    const good = new Set<string>();
    const queue = [...models].filter(([, model]) => isClean(model)).map(([key]) => key);
    for (const key of queue) good.add(key);
    for (let at = 0; at < queue.length; at++) {
      for (const before of from.get(queue[at]!) ?? []) {
        if (good.has(before)) continue;
        good.add(before);
        queue.push(before);
      }
    }
    expect(whole, "all was explored").toBe(true);
    const stuck = [...models]
      .filter(([key]) => !good.has(key))
      .map(([, { state, todo, written, fresh }]) => [state.phase, state.request?.what, todo, written, fresh]);
    expect(stuck.slice(0, 3)).toEqual([]);
  });
});
