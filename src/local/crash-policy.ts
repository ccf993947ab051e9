import type { Settings } from "./state.js";

export type CrashDecision = { kind: "retry"; delay: number } | { kind: "give-up" };

type Patience = Pick<Settings, "backoff_ms" | "backoff_most_ms" | "crash_limit">;

/**
 * What to do after the `failures`-th failure in a row (1 is the first): wait twice as long each time, up to a limit, and stop
 * trying when it has become clear that trying again does not help.
 */
export function afterCrash(failures: number, patience: Patience): CrashDecision {
  if (failures >= patience.crash_limit) return { kind: "give-up" };
  return { kind: "retry", delay: Math.min(patience.backoff_most_ms, patience.backoff_ms * 2 ** (failures - 1)) };
}
