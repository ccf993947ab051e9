import { isWorse, logEvidence } from "./attribution.js";
import { agreementOf, type MirrorTotal, meanShiftOf, pairedShares, totalMirror, wantedAgreement } from "./shadow.js";
import { alphaOf, type RolloutState, type Verdict } from "./state.js";

/** What the answers to copied requests show against the new version, or null. Only errors and what was expected beforehand are judged. */
export function shadowFailure(state: RolloutState): Verdict | null {
  const total = totalMirror(state.mirrors);
  const shares = pairedShares(total);
  const alpha = alphaOf(state);
  const fail = (metric: string, reason: string, numbers: Record<string, number>): Verdict => {
    return { outcome: "fail", metric, reason, numbers: { ...outcomeNumbers(total), ...numbers }, lines: [] };
  };
  if (isWorse(shares, alpha)) {
    const reason = `${state.to} fails at requests that ${state.from} answers well`;
    return fail("shadow", reason, { log_evidence: logEvidence(shares), log_limit: Math.log(1 / alpha), alpha });
  }
  const { agreement, mean_shift } = state.expect;
  if (agreement !== null) {
    const { upper, lower, noise } = agreementOf(total);
    const wanted = wantedAgreement(agreement, noise);
    const numbers = { agreement_lower: lower, agreement_upper: upper, wanted };
    if (upper < wanted) return fail("agreement", `${state.to} agrees too seldom with ${state.from}`, numbers);
  }
  const shift = mean_shift === null ? null : meanShiftOf(total.delta);
  if (mean_shift !== null && shift !== null && (shift.lower > mean_shift || shift.upper < -mean_shift)) {
    const numbers = { mean_lower: shift.lower, mean_upper: shift.upper, wanted: mean_shift };
    return fail("mean-shift", `the answers of ${state.to} are shifted against those of ${state.from}`, numbers);
  }
  return null;
}

/** Why the shadow goes on although its time is over: reason and numbers, or null. */
export function shadowWaits(state: RolloutState): { reason: string; numbers: Record<string, number> } | null {
  const total = totalMirror(state.mirrors);
  const wanted = state.shadow?.requests ?? 0;
  if (total.compared < wanted) {
    const reason = total.compared === 0 ? "no request could be compared yet" : "too few requests could be compared yet";
    return { reason, numbers: { compared: total.compared, wanted } };
  }
  const { agreement, mean_shift } = state.expect;
  if (agreement !== null) {
    const { lower, upper, noise } = agreementOf(total);
    const least = wantedAgreement(agreement, noise);
    if (lower < least) return notSure("agrees", { lower, upper, least });
  }
  if (mean_shift !== null) {
    const shift = meanShiftOf(total.delta);
    if (shift === null)
      return { reason: "too few numbers could be compared yet", numbers: { compared: total.delta.count } };
    if (shift.lower < -mean_shift || shift.upper > mean_shift) {
      return notSure("is not shifted", { lower: shift.lower, upper: shift.upper, wanted: mean_shift });
    }
  }
  return null;
}

function notSure(what: string, numbers: Record<string, number>): { reason: string; numbers: Record<string, number> } {
  return { reason: `it is not yet sure that the new version ${what} as was expected`, numbers };
}

function outcomeNumbers({ outcomes, compared, rows, equal_rows }: MirrorTotal): Record<string, number> {
  return { ...outcomes, compared, rows, equal_rows };
}
