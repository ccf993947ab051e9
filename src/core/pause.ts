import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "./errors.js";

/** Waits this long. @throws Interrupted as soon as the signal says so */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => Promise.reject(new Interrupted()));
}
