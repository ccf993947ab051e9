import { newAttribution } from "./attribution.js";
import type { Epoch } from "./evidence.js";
import { NO_PACE, type Pace } from "./pace.js";
import type { MirrorCounts } from "./shadow.js";
import type { Shadow, Stage, Sticky } from "./stage.js";
import type { Wager } from "./wager.js";

export type Phase = "starting" | "shadow" | "step" | "bake" | "promoted" | "rolled-back" | "aborted";

export const TERMINAL: readonly Phase[] = ["promoted", "rolled-back", "aborted"];

/** What a person asked for. Anybody may, whoever drives. */
export interface Request {
  what: "pause" | "resume" | "promote" | "promote-full" | "abort";
  by: string;
  at_ms: number;
  why: string | null;
}

/** Why it ended, or why it waits, with the numbers that it was decided on. */
export interface Verdict {
  outcome: "pass" | "fail" | "inconclusive";
  /** Stable: `errors`, `slow`, `guard`, `start`, `process`, `person`, `bake`, `evidence`, `refused`, `invalid`, `shadow`, `agreement`, `mean-shift`, `psi`. */
  metric: string;
  reason: string;
  numbers: Record<string, number>;
  /** Last lines of the version's log. */
  lines: string[];
}

export interface Expectation {
  /** Least share of rows that both versions answer alike. */
  agreement: number | null;
  /** Largest mean of new minus old, either way. */
  mean_shift: number | null;
  /** Largest population stability index between the two, beyond its noise. A step waits above it. */
  psi: number | null;
}

export const NO_EXPECTATION: Expectation = { agreement: null, mean_shift: null, psi: null };

/** A rollout as it is kept: everything that a driver needs to go on, and nothing else. */
export interface RolloutState {
  schema: "iapp.rollout/1";
  id: string;
  /** Counts writes: who writes with an old one has lost. */
  revision: number;
  from: string;
  to: string;
  by: string;
  started_ms: number;
  updated_ms: number;
  /** How often it was taken over from a driver that lived: a driver of an earlier term must do nothing more. */
  term: number;
  /** Copies of requests before the first step; null: none. */
  shadow: Shadow | null;
  /** Which clients stay with one version; null: each request for itself. */
  sticky: Sticky | null;
  /** What the answers are held against. Where nothing is expected, they are shown and never judged: a better model answers otherwise. */
  expect: Expectation;
  stages: Stage[];
  bake_ms: number;
  limits: {
    /** How much larger the new version's share of errors may be: 0.02 is two percentage points. */
    excess: number;
    /** Chance that a version which is no worse is rolled back, in all. */
    alpha: number;
    /** Go on after the time of a step although the evidence is not enough. */
    unproven: boolean;
  };
  phase: Phase;
  /** Index into `stages`. */
  step: number;
  /** Since when the weights of this step are known to be applied; null: not yet. */
  since_ms: number | null;
  /** Generation of the route that counts first, and of the route of this step. */
  first_generation: number;
  step_generation: number;
  epochs: Epoch[];
  /** Evidence gathered look by look, and how fast the two answer. */
  wagers: Record<"errors" | "refused" | "invalid", Wager>;
  pace: Pace;
  mirrors: readonly MirrorCounts[];
  paused: { by: string; at_ms: number; why: string | null } | null;
  request: Request | null;
  verdict: Verdict | null;
  history: { at_ms: number; text: string }[];
}

const HISTORY = 200;

export function noted(state: RolloutState, now: number, text: string): RolloutState {
  return { ...state, history: [...state.history, { at_ms: now, text }].slice(-HISTORY) };
}

/** As it is after somebody else has taken it over: its driver finds another term, and what that one has just read can not be written. */
export const fenced = (state: RolloutState, now: number, text: string): RolloutState =>
  noted({ ...state, term: state.term + 1, revision: state.revision + 1 }, now, text);

export const isOver = ({ phase }: RolloutState): boolean => TERMINAL.includes(phase);

/** What rollouts had not from the beginning: one that was begun by an older iapp goes on without. */
const LATER_PARTS = {
  wagers: { errors: newAttribution(), refused: newAttribution(), invalid: newAttribution() },
  term: 0,
  shadow: null,
  sticky: null,
  expect: NO_EXPECTATION,
  pace: NO_PACE,
};

/** How a person wants a rollout to go, whichever versions it is about. */
export interface RolloutPlan extends Pick<RolloutState, "stages" | "limits" | "shadow" | "sticky" | "expect"> {
  bakeMs: number;
}

export interface NewRollout {
  id: string;
  from: string;
  to: string;
  by: string;
  stages: Stage[];
  bake_ms: number;
  limits: RolloutState["limits"];
  shadow?: Shadow | null;
  sticky?: Sticky | null;
  expect?: Expectation;
}

/** Level of each of the tests that may take a version back: together they accuse one that is no worse this seldom. */
export const alphaOf = ({ limits, shadow }: RolloutState): number => limits.alpha / (shadow === null ? 4 : 5);

export function newRollout(input: NewRollout, now: number): RolloutState {
  const state: RolloutState = {
    schema: "iapp.rollout/1",
    revision: 0,
    ...LATER_PARTS,
    ...input,
    started_ms: now,
    updated_ms: now,
    phase: "starting",
    step: -1,
    since_ms: null,
    first_generation: 0,
    step_generation: 0,
    epochs: [],
    mirrors: [],
    paused: null,
    request: null,
    verdict: null,
    history: [],
  };
  return noted(state, now, `${input.by} rolls out ${input.to} beside ${input.from}`);
}

/**
 * A driver's state as it is written over `before`, or null when somebody else has written since. What a person asked for after the driver
 * has read (`seen` is what it read) has not been obeyed yet, and stays.
 */
export function revised(state: RolloutState, before: RolloutState | null, seen: Request | null): RolloutState | null {
  if (before === null || before.id !== state.id || before.revision !== state.revision) return null;
  const fresh = JSON.stringify(before.request) === JSON.stringify(seen) ? null : before.request;
  return { ...state, request: fresh ?? state.request, revision: state.revision + 1, updated_ms: Date.now() };
}

/** @throws Error with one sentence when the document is none that this version understands */
export function parseRollout(document: unknown): RolloutState {
  const state = document as RolloutState | null;
  if (state?.schema !== "iapp.rollout/1") {
    throw new Error(`the rollout was written by another version of iapp (${JSON.stringify(state?.schema ?? null)})`);
  }
  const sound =
    Number.isSafeInteger(state.revision) &&
    Array.isArray(state.stages) &&
    Array.isArray(state.epochs) &&
    state.step < Math.max(1, state.stages.length) &&
    state.from !== state.to;
  if (!sound) throw new Error("the rollout's state is damaged");
  return { ...LATER_PARTS, ...state, mirrors: state.mirrors ?? [] };
}
