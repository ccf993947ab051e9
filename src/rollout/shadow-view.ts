import { quantileOf } from "../core/sketch.js";
import { logEvidence } from "./attribution.js";
import { agreementOf, type MirrorTotal, meanShiftOf, pairedShares, totalMirror, wantedAgreement } from "./shadow.js";
import { type Slice, topSlices } from "./slices.js";
import { alphaOf, type RolloutState } from "./state.js";

/** What the two versions answered to the same requests. */
export interface ShadowView extends Pick<MirrorTotal, "sent" | "dropped" | "outcomes" | "compared" | "rows"> {
  /** Pairs that must have been compared. */
  wanted: number;
  /** Share of rows answered alike, with the interval that verdicts use; `wanted` is null where nothing was expected. */
  agreement: { share: number | null; lower: number; upper: number; wanted: number | null };
  /** How often the old version agrees with itself; null where it was not asked twice often enough. */
  noise: number | null;
  /** New minus old of numeric answers; null where there are too few. */
  delta: {
    mean: number;
    lower: number;
    upper: number;
    p50: number;
    p95: number;
    max: number;
    wanted: number | null;
  } | null;
  /** Natural logarithm of the evidence that the new version fails where the old one does not, and its limit. */
  log_evidence: number;
  log_limit: number;
  /** Where they differ most. */
  slices: Slice[];
}

export function explainShadow(state: RolloutState): ShadowView {
  const total = totalMirror(state.mirrors);
  const { share, lower, upper, noise } = agreementOf(total);
  const shift = meanShiftOf(total.delta);
  const { agreement, mean_shift } = state.expect;
  const features = state.mirrors.flatMap((one) => one.features);
  return {
    sent: total.sent,
    dropped: total.dropped,
    outcomes: total.outcomes,
    compared: total.compared,
    wanted: state.shadow?.requests ?? 0,
    rows: total.rows,
    agreement: { share, lower, upper, wanted: agreement === null ? null : wantedAgreement(agreement, noise) },
    noise,
    delta:
      shift === null
        ? null
        : {
            ...shift,
            p50: quantileOf(total.delta.sizes, 0.5) ?? 0,
            p95: quantileOf(total.delta.sizes, 0.95) ?? 0,
            max: total.delta.max,
            wanted: mean_shift,
          },
    log_evidence: logEvidence(pairedShares(total)),
    log_limit: Math.log(1 / alphaOf(state)),
    slices: topSlices(features, {
      rows: total.rows,
      unequal: total.rows - total.equal_rows,
      delta: total.delta.sum_sizes,
    }),
  };
}
