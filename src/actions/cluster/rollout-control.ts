import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { noted } from "../../kube/app-state.js";
import { updateApp } from "../../kube/app-store.js";
import type { KubeApi } from "../../kube/client/api.js";
import { acquireLease, leaseHolder, peekLease } from "../../kube/lease.js";
import { askRollout, fenceRollout, pastRollouts, readRollout } from "../../kube/rollout-store.js";
import { findProject } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import { explain } from "../../rollout/explain.js";
import { isOver, type Request, type RolloutState } from "../../rollout/state.js";
import { noRollout, type RolloutStatus, refuseOver, tellDriver } from "../rollout/control.js";
import { onTarget, resolveClusterApp } from "./access.js";
import { driveOn } from "./rollout.js";

export function clusterRolloutStatus(ctx: Context, target: Target, name: string | undefined): Promise<RolloutStatus> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const state = await rolloutOf(api, app.name);
    return { ...explain(state, ctx.now()), app: app.name, driven: await isHeld(api, app.name) };
  });
}

export function clusterRolloutHistory(ctx: Context, target: Target, name: string | undefined): Promise<RolloutState[]> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const [now, ended] = [await readRollout(api, app.name), await pastRollouts(api, app.name)];
    return now === null || isOver(now) ? ended : [now, ...ended];
  });
}

/** Leaves a request for the driver; where nobody drives, drives on. */
export function requestClusterRollout(
  ctx: Context,
  target: Target,
  name: string | undefined,
  what: Request["what"],
  why: string | null,
  takeOver = false,
): Promise<RolloutState> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const before = await rolloutOf(api, app.name);
    refuseOver(before);
    const asks = what !== "resume" || before.paused !== null;
    if (asks) await askRollout(api, app.name, { what, by: myself(), at_ms: ctx.now(), why });
    const driver = await leaseHolder(api, app.name);
    const who = { identity: myself(), command: `iapp rollout ${what}`, force: takeOver };
    const lease = await acquireLease(api, app.name, who).catch((error: unknown) => {
      if (error instanceof OperationError && error.code === "IAPP_KUBE_LEASE") return null;
      throw error;
    });
    if (lease === null) {
      if (what === "resume" && driver !== null) tellDriver(ctx, driver);
      return obeyed(ctx, api, app.name, before);
    }
    try {
      if (takeOver && driver !== null) await fenceOff(ctx, api, app.name, driver);
      if (what === "pause") return (await readRollout(api, app.name))!;
      return await driveOn(ctx, api, target, await findProject(ctx.cwd), app.name, lease);
    } finally {
      await lease.release();
    }
  });
}

/** What the old driver has read of the rollout and of the app is old now: whatever it writes when it wakes up is refused. */
async function fenceOff(ctx: Context, api: KubeApi, name: string, driver: string): Promise<void> {
  const text = `${myself()} takes over from ${driver}`;
  const rollout = await fenceRollout(api, name, text);
  const entry = { at: new Date(ctx.now()).toISOString(), what: "taken-over", version: rollout?.to ?? null } as const;
  await updateApp(api, name, (app) => app && noted(app, { ...entry, by: myself(), text }));
}

/** Waits until the driver has seen the request. */
async function obeyed(ctx: Context, api: KubeApi, name: string, before: RolloutState): Promise<RolloutState> {
  for (;;) {
    const state = (await readRollout(api, name))!;
    if (state.request === null || isOver(state) || state.id !== before.id || ctx.signal.aborted) return state;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function rolloutOf(api: KubeApi, name: string): Promise<RolloutState> {
  const state = await readRollout(api, name);
  if (state === null) throw noRollout(name);
  return state;
}

async function isHeld(api: KubeApi, name: string): Promise<boolean> {
  return peekLease(api, name).then(
    () => false,
    (error: unknown) => {
      if (error instanceof OperationError && error.code === "IAPP_KUBE_LEASE") return true;
      throw error;
    },
  );
}
