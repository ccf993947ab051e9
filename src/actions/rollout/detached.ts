import { basename, dirname } from "node:path";
import type { Context } from "../../core/events.js";
import { acquireLock } from "../../core/lock.js";
import { appPaths } from "../../local/paths.js";
import { readRollout } from "../../local/rollout-store.js";
import { readState } from "../../local/state.js";
import { layoutOf } from "../../project/layout.js";
import { isOver, type RolloutState } from "../../rollout/state.js";
import { handleOf } from "../apps/index.js";
import { driveRollout } from "./drive.js";

/** The driver that `--detach` leaves behind: the same one, without a terminal. */
export async function driveDetached(ctx: Context, dir: string): Promise<RolloutState | null> {
  const lock = await acquireLock(appPaths(dir).operationLock, {
    command: "iapp rollout (detached)",
    wait: 10_000,
    signal: ctx.signal,
  });
  try {
    const [rollout, state] = [await readRollout(dir), await readState(dir)];
    if (rollout === null || state === null || isOver(rollout)) return rollout;
    // `.iapp/apps/NAME`
    const layout = layoutOf(dirname(dirname(dirname(dir))));
    return await driveRollout(ctx, { name: basename(dir), layout, handle: handleOf(ctx, dir), state }, lock);
  } finally {
    await lock.release();
  }
}
