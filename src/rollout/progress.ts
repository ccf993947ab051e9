import { type Arm, total } from "./evidence.js";
import { difference } from "./proportions.js";
import { predictionShift } from "./psi.js";
import { shadowWaits } from "./shadow-verdict.js";
import type { RolloutState, Verdict } from "./state.js";
import { logOf } from "./wager.js";

/** Evidence of slowness, as a logarithm, with which a step does not end: too little to accuse, and too much to give it more requests. */
const DOUBT = Math.log(4);

/** Why a step goes on, or null when it is done. */
export function waiting(state: RolloutState, now: number): Verdict | null {
  const elapsed = now - (state.since_ms ?? now);
  const hold = (reason: string, numbers: Record<string, number> = {}): Verdict => {
    return { outcome: "inconclusive", metric: "evidence", reason, numbers, lines: [] };
  };
  if (state.phase === "bake") {
    return elapsed < state.bake_ms ? hold("the new version takes all requests; the old one waits beside it") : null;
  }
  if (state.phase === "shadow") {
    if (elapsed < (state.shadow?.ms ?? 0)) return hold("the time of the shadow is not over");
    const waits = state.limits.unproven ? null : shadowWaits(state);
    return waits === null ? null : hold(waits.reason, waits.numbers);
  }
  const stage = state.stages[state.step]!;
  if (elapsed < stage.ms) return hold("the time of this step is not over");
  if (state.limits.unproven) return null;
  const step = total(state.epochs.filter(({ generation }) => generation >= state.step_generation));
  if (step.new.requests < stage.requests) {
    const reason = step.new.requests === 0 ? "no request came in this step" : "too few requests came in this step";
    return hold(reason, { requests: step.new.requests, wanted: stage.requests });
  }
  const all = total(state.epochs.filter(({ weight }) => weight > 0));
  const [, upper] = difference(trials(all.new), trials(all.old));
  if (upper > state.limits.excess) {
    const reason = "it is not yet sure that the new version fails no more often";
    return hold(reason, { excess_upper: upper, excess_limit: state.limits.excess });
  }
  const doubt = logOf(state.pace.wager);
  if (doubt >= DOUBT) {
    const reason = "it is not yet sure that the new version answers no more slowly";
    return hold(reason, { log_evidence: doubt, log_doubt: DOUBT });
  }
  return shifted(state);
}

/** A shift of the answers that was not expected: a person has to look, because it may be an improvement. */
function shifted(state: RolloutState): Verdict | null {
  const limit = state.expect.psi;
  if (limit === null) return null;
  const { psi, noise, rows_old, rows_new } = shiftOf(state);
  const numbers = { rows_old, rows_new, noise: Number.isFinite(noise) ? noise : 0, limit };
  const hold = (reason: string, more = {}): Verdict => {
    return { outcome: "inconclusive", metric: "psi", reason, numbers: { ...numbers, ...more }, lines: [] };
  };
  if (psi === null) return hold("too few answers were seen to compare their distributions");
  if (psi - noise <= limit) return null;
  return hold(`the answers of ${state.to} are distributed otherwise than was expected`, { psi });
}

/** How far the answers of the two lie apart in the steps, in which both were asked at the same time. */
export function shiftOf(state: RolloutState): ReturnType<typeof predictionShift> {
  const both = state.epochs.filter(({ weight }) => weight > 0 && weight < 1000);
  const of = (side: "old" | "new") => both.flatMap((epoch) => epoch[side].predictions ?? []);
  return predictionShift(of("old"), of("new"));
}

export const trials = ({ errors, requests }: Arm): { hits: number; trials: number } => ({
  hits: errors,
  trials: requests,
});
