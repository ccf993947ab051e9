export { WORSE } from "../../rollout/accusations.js";
export { contractBreaks } from "../../rollout/contract.js";
export { type Explanation, explain } from "../../rollout/explain.js";
export {
  DEFAULT_SHADOW,
  DEFAULT_STAGES,
  formatDuration,
  parseDuration,
  parseShadow,
  parseStages,
  parseSticky,
  shortestTime,
} from "../../rollout/stage.js";
export { isOver, type RolloutPlan, type RolloutState } from "../../rollout/state.js";
export { type RolloutStatus, requestRollout, rolloutHistory, rolloutStatus } from "./control.js";
export { driveDetached } from "./detached.js";
export { type RollbackResult, rollback } from "./rollback.js";
export { type RolloutInput, type RolloutOutcome, startRollout } from "./start.js";
