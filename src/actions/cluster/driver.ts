import type { Context } from "../../core/events.js";
import { readRollout } from "../../kube/rollout-store.js";
import { findProject } from "../../project/layout.js";
import { isOver, type RolloutState } from "../../rollout/state.js";
import { onTarget } from "./access.js";
import { leaseAfter, targetInside } from "./detach.js";
import { driveOn } from "./rollout.js";

/** What the Job of a detached rollout does: drives it to its end. Null where there is nothing to drive. */
export function driveInside(ctx: Context, app: string): Promise<RolloutState | null> {
  const target = targetInside(ctx);
  return onTarget(ctx, target, async (api) => {
    const before = await readRollout(api, app);
    if (before === null || isOver(before)) return before;
    const lease = await leaseAfter(ctx, api, app, "iapp rollout (detached)");
    try {
      const rollout = await readRollout(api, app);
      if (rollout === null || isOver(rollout)) return rollout;
      return await driveOn(ctx, api, target, await findProject(ctx.cwd), app, lease);
    } finally {
      await lease.release();
    }
  });
}
