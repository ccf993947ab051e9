import type { RouterEvidence } from "../core/evidence.js";
import type { RolloutState } from "./state.js";

/**
 * Whether a router shares out requests otherwise than the step wants, although it had applied the step's weights: somebody has given it a
 * newer route. Routers that the guard has changed, or that are behind, are not meant.
 * @param weight the new version's share in this step, thousandths
 */
export function wasChangedByHand(
  { from, to, step_generation }: RolloutState,
  evidence: readonly RouterEvidence[],
  weight: number,
): boolean {
  return evidence.some(({ epochs, guard }) => {
    const now = epochs.at(-1);
    if (guard !== null || now === undefined || now.generation <= step_generation) return false;
    return (now.weights[to] ?? 0) !== weight || (now.weights[from] ?? 0) !== 1000 - weight;
  });
}
