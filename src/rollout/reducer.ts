import type { RouterEvidence } from "../core/evidence.js";
import { gathered, type Test, type TestName, testsOf, WORSE } from "./accusations.js";
import { wasChangedByHand } from "./drift.js";
import { fold, total } from "./evidence.js";
import { pursue } from "./pace.js";
import type { VersionView } from "./platform.js";
import { trials, waiting } from "./progress.js";
import { difference } from "./proportions.js";
import { foldMirror } from "./shadow.js";
import { shadowFailure } from "./shadow-verdict.js";
import { alphaOf, isOver, noted, type Phase, type RolloutState, type Verdict } from "./state.js";

/** What a driver has just seen. */
export interface Seen {
  /** Null: the platform did not answer; nothing is concluded from that. */
  views: readonly VersionView[] | null;
  /** Of every router that answered. */
  evidence: readonly RouterEvidence[];
}

/** What has to be done before the next look. All of it may be done again. */
export type Effect =
  /** Give the new version this share, in thousandths. */
  | { kind: "weights"; weight: number }
  /** End the version that lost: it gets nothing any more. */
  | { kind: "retire"; version: string };

export interface Decision {
  state: RolloutState;
  effects: Effect[];
}

/** One look: what the state becomes, and what to do. Pure. */
export function decide(before: RolloutState, seen: Seen, now: number): Decision {
  if (isOver(before)) return { state: before, effects: [] };
  let state = withEvidence(before, seen, now);
  const asked = obey(state, now);
  if (asked.done) return asked.decision;
  state = asked.decision.state;
  const failure = failureOf(state, seen);
  if (failure !== null) return rollBack(state, now, "rolled-back", failure);
  if (state.paused !== null || state.phase === "starting") return { state, effects: [] };
  // Weights that are not known to be applied are asked for again: a driver may have died between the two.
  if (state.since_ms === null) return { state, effects: [{ kind: "weights", weight: weightOf(state) }] };
  if (wasChangedByHand(state, seen.evidence, weightOf(state))) {
    const text = `the weights were changed by hand; ${state.to} gets ${weightOf(state) / 10} % again`;
    const effects: Effect[] = [{ kind: "weights", weight: weightOf(state) }];
    return { state: noted({ ...state, since_ms: null }, now, text), effects };
  }
  const wait = waiting(state, now);
  if (wait !== null) return { state: { ...state, verdict: wait }, effects: [] };
  return advance(state, now, state.phase === "shadow" ? "the shadow passed" : `step ${state.step + 1} passed`);
}

/** The version is ready: give it its first share. */
export function started(state: RolloutState, generation: number, now: number): Decision {
  const ready = noted({ ...state, first_generation: generation }, now, `${state.to} is ready`);
  return advance(ready, now, "");
}

/** The weights of this step are applied by every router: its clock begins. */
export function applied(state: RolloutState, generation: number, now: number): RolloutState {
  return { ...state, since_ms: now, step_generation: generation };
}

/** The version did not come up. */
export function failedToStart(state: RolloutState, reason: string, lines: string[], now: number): Decision {
  const verdict: Verdict = { outcome: "fail", metric: "start", reason: `${state.to} ${reason}`, numbers: {}, lines };
  return rollBack(state, now, "rolled-back", verdict);
}

/** Share of the new version that belongs to the state, in thousandths. */
export function weightOf(state: RolloutState): number {
  if (state.phase === "bake" || state.phase === "promoted") return 1000;
  if (state.phase === "step") return state.stages[state.step]?.weight ?? 1000;
  return 0;
}

function withEvidence(state: RolloutState, { evidence }: Seen, now: number): RolloutState {
  if (state.first_generation === 0) return state;
  const pair = { from: state.from, to: state.to, since: state.first_generation };
  const epochs = evidence.reduce((known, report) => fold(known, report, pair), state.epochs);
  return {
    ...state,
    epochs,
    wagers: gathered(state, epochs),
    pace: pursue(state.pace, epochs, weightOf(state), now),
    mirrors: evidence.reduce((mirrors, report) => foldMirror(mirrors, report, pair), state.mirrors),
  };
}

function obey(before: RolloutState, now: number): { done: boolean; decision: Decision } {
  const { request } = before;
  if (request === null) return { done: false, decision: { state: before, effects: [] } };
  const by = `${request.by}${request.why === null ? "" : `: ${request.why}`}`;
  const state = { ...before, request: null };
  if (request.what === "abort") {
    const verdict = person(`aborted by ${by}`);
    return { done: true, decision: rollBack(state, now, "aborted", verdict) };
  }
  if (request.what === "pause") {
    const paused = { by: request.by, at_ms: now, why: request.why };
    return { done: false, decision: { state: noted({ ...state, paused }, now, `paused by ${by}`), effects: [] } };
  }
  if (request.what === "resume") {
    // The step's clock begins anew; the evidence stays.
    const resumed = { ...state, paused: null, since_ms: null };
    return { done: false, decision: { state: noted(resumed, now, `resumed by ${by}`), effects: [] } };
  }
  if (state.phase === "starting") return { done: false, decision: { state: before, effects: [] } };
  const free = { ...state, paused: null };
  if (request.what === "promote-full" && (free.phase === "step" || free.phase === "shadow")) {
    const last = { ...free, step: free.stages.length - 1 };
    return { done: true, decision: advance(last, now, `all requests moved by ${by}`) };
  }
  return { done: true, decision: advance(free, now, `moved on by ${by}`) };
}

const person = (reason: string): Verdict => ({ outcome: "fail", metric: "person", reason, numbers: {}, lines: [] });

/** What shows that the new version must go, or null. */
function failureOf(state: RolloutState, { views, evidence }: Seen): Verdict | null {
  const view = views?.find(({ name }) => name === state.to);
  if (views !== null && state.phase !== "starting" && (view === undefined || view.ready === 0)) {
    const reason = view?.problem ?? "is not there any more";
    return {
      outcome: "fail",
      metric: "process",
      reason: `${state.to} ${reason}`,
      numbers: {},
      lines: view?.lines ?? [],
    };
  }
  const guard = evidence.map((report) => report.guard).find((one) => one?.version === state.to) ?? null;
  if (guard !== null) {
    const reason = `the router took ${state.to} out: ${guard.reason}`;
    return { outcome: "fail", metric: "guard", reason, numbers: numbersOf(state), lines: [] };
  }
  if (state.phase === "shadow") return shadowFailure(state);
  const alpha = alphaOf(state);
  for (const [metric, test] of Object.entries(testsOf(state)) as [TestName, Test][]) {
    if (test.log >= Math.log(1 / alpha)) return proved(state, metric, test, alpha);
  }
  return state.phase === "bake" ? bakeFailure(state) : null;
}

function proved(state: RolloutState, metric: TestName, { log, onNew, onOld }: Test, alpha: number): Verdict {
  const counts = { [`${metric}_new`]: onNew, [`${metric}_old`]: onOld };
  const evidence = { log_evidence: log, log_limit: Math.log(1 / alpha), alpha };
  return {
    outcome: "fail",
    metric,
    reason: `${state.to} ${WORSE[metric]} than ${state.from}`,
    numbers: { ...numbersOf(state), ...(metric === "errors" ? {} : counts), ...evidence },
    lines: [],
  };
}

/** With all requests on the new version there is nothing to compare with but what the old one did before. */
function bakeFailure(state: RolloutState): Verdict | null {
  const all = total(state.epochs);
  const baking = total(state.epochs.filter(({ weight }) => weight === 1000));
  // Four standard errors: this is looked at many times.
  const [lower] = difference(trials(baking.new), trials(all.old), 4);
  if (lower <= state.limits.excess) return null;
  return {
    outcome: "fail",
    metric: "bake",
    reason: `${state.to} fails more often than ${state.from} did`,
    numbers: { ...numbersOf(state), excess_lower: lower, excess_limit: state.limits.excess },
    lines: [],
  };
}

function advance(state: RolloutState, now: number, why: string): Decision {
  if (state.phase === "starting" && state.shadow !== null) return overshadow(state, now);
  const next = state.step + 1;
  const phase: Phase = state.phase === "bake" ? "promoted" : next < state.stages.length ? "step" : "bake";
  const step = phase === "step" ? next : Math.max(0, state.stages.length - 1);
  const moved: RolloutState = { ...state, phase, step, since_ms: null, verdict: null };
  if (phase === "promoted") {
    const verdict: Verdict = {
      outcome: "pass",
      metric: "evidence",
      reason: `${state.to} takes all requests`,
      numbers: numbersOf(state),
      lines: [],
    };
    const done = noted({ ...moved, since_ms: state.since_ms, verdict }, now, `${state.to} is promoted`);
    return {
      state: done,
      effects: [
        { kind: "weights", weight: 1000 },
        { kind: "retire", version: state.from },
      ],
    };
  }
  const weight = weightOf(moved);
  const text = `${why === "" ? "" : `${why}; `}${state.to} gets ${weight / 10} %`;
  return { state: noted(moved, now, text), effects: [{ kind: "weights", weight }] };
}

/** The new version answers copies, and nobody sees what it says. */
function overshadow(state: RolloutState, now: number): Decision {
  const text = `${state.to} gets copies of ${(state.shadow?.share ?? 0) / 10} % of the requests`;
  const moved: RolloutState = { ...state, phase: "shadow", since_ms: null, verdict: null };
  return { state: noted(moved, now, text), effects: [{ kind: "weights", weight: 0 }] };
}

function rollBack(state: RolloutState, now: number, phase: Phase, verdict: Verdict): Decision {
  const done = noted({ ...state, phase, verdict, request: null, paused: null }, now, verdict.reason);
  return {
    state: done,
    effects: [
      { kind: "weights", weight: 0 },
      { kind: "retire", version: state.to },
    ],
  };
}

/** The counts that every verdict is shown with. */
export function numbersOf(state: RolloutState): Record<string, number> {
  const both = total(state.epochs.filter(({ weight }) => weight > 0));
  return {
    requests_new: both.new.requests,
    errors_new: both.new.errors,
    requests_old: both.old.requests,
    errors_old: both.old.errors,
  };
}
