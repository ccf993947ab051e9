import { LATENCY_BOUNDS } from "../core/evidence.js";
import { type TestName, testsOf } from "./accusations.js";
import { type Arm, quantileIndex, total } from "./evidence.js";
import { shiftOf } from "./progress.js";
import { difference } from "./proportions.js";
import type { PredictionShift } from "./psi.js";
import { weightOf } from "./reducer.js";
import { explainShadow, type ShadowView } from "./shadow-view.js";
import { alphaOf, isOver, type RolloutState, type Verdict } from "./state.js";

export interface ArmView {
  version: string;
  requests: number;
  errors: number;
  /** Seconds; null where nothing was answered. Upper ends of the buckets, 15 % wide. */
  p50: number | null;
  p95: number | null;
}

/** A rollout with the numbers that decide it. */
export interface Explanation {
  schema: "iapp.rollout-view/1";
  id: string;
  from: string;
  to: string;
  phase: RolloutState["phase"];
  over: boolean;
  /** `2 of 3`, for people. */
  step: { number: number; of: number } | null;
  weight: number;
  paused: RolloutState["paused"];
  request: RolloutState["request"];
  /** Milliseconds at this step; null while its weights are not known to be applied. */
  in_step_ms: number | null;
  step_ms: number | null;
  arms: ArmView[];
  tests: {
    name: TestName;
    /** Natural logarithm of the evidence that the new version is worse, and the limit at which it is rolled back. */
    log_evidence: number;
    log_limit: number;
  }[];
  /** Interval of the difference of the error shares, new minus old: one-sided 95 % at each end. */
  excess: { lower: number; upper: number; limit: number };
  /** Answers to copied requests; null where there was no shadow. */
  shadow: ShadowView | null;
  /** How far the answers of the two lie apart as a whole; the limit is null where nothing was expected. */
  predictions: PredictionShift & { limit: number | null };
  sticky: RolloutState["sticky"];
  verdict: Verdict | null;
  started_ms: number;
  history: RolloutState["history"];
}

export function explain(state: RolloutState, now: number): Explanation {
  const both = total(state.epochs.filter(({ weight }) => weight > 0));
  const limit = Math.log(1 / alphaOf(state));
  const shift = shiftOf(state);
  const [lower, upper] = difference(
    { hits: both.new.errors, trials: both.new.requests },
    { hits: both.old.errors, trials: both.old.requests },
  );
  const stage = state.phase === "step" ? state.stages[state.step] : undefined;
  return {
    schema: "iapp.rollout-view/1",
    id: state.id,
    from: state.from,
    to: state.to,
    phase: state.phase,
    over: isOver(state),
    step: state.phase === "step" ? { number: state.step + 1, of: state.stages.length } : null,
    weight: weightOf(state),
    paused: state.paused,
    request: state.request,
    in_step_ms: state.since_ms === null ? null : now - state.since_ms,
    step_ms: stage?.ms ?? restMs(state),
    arms: [armView(state.from, both.old), armView(state.to, both.new)],
    tests: Object.entries(testsOf(state)).map(([name, { log }]) => ({
      name: name as TestName,
      log_evidence: log,
      log_limit: limit,
    })),
    excess: { lower, upper, limit: state.limits.excess },
    shadow: state.shadow === null ? null : explainShadow(state),
    // JSON has no infinity: nothing was seen, and nothing is told of its noise.
    predictions: { ...shift, noise: Number.isFinite(shift.noise) ? shift.noise : 0, limit: state.expect.psi },
    sticky: state.sticky,
    verdict: state.verdict,
    started_ms: state.started_ms,
    history: state.history,
  };
}

function restMs({ phase, bake_ms, shadow }: RolloutState): number | null {
  if (phase === "shadow") return shadow?.ms ?? null;
  return phase === "bake" ? bake_ms : null;
}

function armView(version: string, { requests, errors, latency }: Arm): ArmView {
  const answered = latency.some((count) => count > 0);
  const at = (q: number): number | null => (answered ? (LATENCY_BOUNDS[quantileIndex(latency, q)] ?? null) : null);
  return { version, requests, errors, p50: at(0.5), p95: at(0.95) };
}
