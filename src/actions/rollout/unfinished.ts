import { UserError } from "../../core/errors.js";
import { readRollout } from "../../local/rollout-store.js";
import { isOver } from "../../rollout/state.js";

/** @throws UserError while a rollout is under way, whether somebody drives it or not */
export async function refuseUnfinished(dir: string, name: string): Promise<void> {
  const rollout = await readRollout(dir);
  if (rollout === null || isOver(rollout)) return;
  const since = new Date(rollout.started_ms).toISOString();
  throw new UserError("IAPP_ROLLOUT_UNDER_WAY", `${rollout.to} is being rolled out by ${rollout.by} since ${since}`, {
    remedy: `iapp rollout status ${name}, resume ${name}, or abort ${name}`,
  });
}
