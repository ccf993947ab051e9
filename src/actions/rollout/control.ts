import { hostname } from "node:os";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { acquireLock, type LockOwner, readOwner } from "../../core/lock.js";
import { hasEnded, isSameProcess } from "../../core/process.js";
import { appPaths } from "../../local/paths.js";
import { askRollout, fenceRollout, pastRollouts, readRollout } from "../../local/rollout-store.js";
import { type Explanation, explain } from "../../rollout/explain.js";
import { isOver, type Request, type RolloutState } from "../../rollout/state.js";
import { type App, adopt, resolveApp } from "../apps/index.js";
import { driveRollout } from "./drive.js";

export interface RolloutStatus extends Explanation {
  app: string;
  /** Does a process drive it at the moment? */
  driven: boolean;
}

/** The app's rollout as it is. */
export async function rolloutStatus(ctx: Context, name: string | undefined): Promise<RolloutStatus> {
  const app = await resolveApp(ctx, name);
  const state = await rolloutOf(app);
  return { ...explain(state, ctx.now()), app: app.name, driven: await isDriven(app) };
}

export async function rolloutHistory(ctx: Context, name: string | undefined): Promise<RolloutState[]> {
  const app = await resolveApp(ctx, name);
  const now = await readRollout(app.handle.dir);
  const ended = await pastRollouts(app.handle.dir);
  return now === null || isOver(now) ? ended : [now, ...ended];
}

/**
 * Leaves a request for the driver; where nobody drives, drives on: until the end for an abort, and for everything that ends it.
 * `resume` drives in any case, with `takeOver` also where somebody drives who does not answer any more: that one can do nothing from then on.
 */
export async function requestRollout(
  ctx: Context,
  name: string | undefined,
  what: Request["what"],
  why: string | null,
  takeOver = false,
): Promise<RolloutState> {
  const app = await resolveApp(ctx, name);
  const before = await rolloutOf(app);
  refuseOver(before);
  adopt(ctx, app);
  const file = appPaths(app.handle.dir).operationLock;
  const owner = await readOwner(file);
  const lived = owner !== null && (owner.host !== hostname() || isSameProcess(owner));
  if (takeOver && lived) await endDriver(owner);
  const asks = what !== "resume" || before.paused !== null;
  if (asks) await askRollout(app.handle.dir, { what, by: myself(), at_ms: ctx.now(), why });
  const lock = await acquireLock(file, {
    command: `iapp rollout ${what}`,
    signal: ctx.signal,
    force: takeOver,
  }).catch((error: unknown) => {
    if (error instanceof OperationError && error.code === "IAPP_LOCK_TAKEN") return null;
    throw error;
  });
  if (lock === null) {
    if (what === "resume" && owner !== null) tellDriver(ctx, driverOf(owner));
    return obeyed(ctx, app, before);
  }
  try {
    if (takeOver && lived) await fenceRollout(app.handle.dir, `${myself()} takes over from ${driverOf(owner)}`);
    if (what === "pause") return (await readRollout(app.handle.dir))!;
    return await driveRollout(ctx, app, lock);
  } finally {
    await lock.release();
  }
}

/**
 * Ends a driver on this machine: a rollout outlives that at any moment. One that only sleeps may hold a lock on a file, too, and what it
 * would write next cannot be kept from being written. A driver on another machine is fenced instead.
 */
async function endDriver(owner: LockOwner): Promise<void> {
  if (owner.host !== hostname() || owner.pid === process.pid) return;
  try {
    process.kill(owner.pid, "SIGKILL");
  } catch {
    // Gone meanwhile, or another user's: then it is fenced as one on another machine is.
    return;
  }
  await hasEnded(owner);
}

const driverOf = ({ command, pid, host, since }: LockOwner): string =>
  `${command} (process ${pid} on ${host}, since ${since})`;

/** Says who drives, and how to take it from there. */
export function tellDriver(ctx: Context, driver: string): void {
  const text = `${driver} drives it; where that does not go on any more: iapp rollout resume --take-over`;
  ctx.emit({ code: "rollout.driven", level: "warn", text });
}

/** Waits until the driver has seen the request. */
async function obeyed(ctx: Context, app: App, before: RolloutState): Promise<RolloutState> {
  for (;;) {
    const state = (await readRollout(app.handle.dir))!;
    if (state.request === null || isOver(state) || state.id !== before.id || ctx.signal.aborted) return state;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Somebody holds the app's lock: while a rollout is under way that is its driver. */
async function isDriven(app: App): Promise<boolean> {
  const owner = await readOwner(appPaths(app.handle.dir).operationLock);
  return owner !== null && isSameProcess(owner);
}

async function rolloutOf(app: App): Promise<RolloutState> {
  return (await readRollout(app.handle.dir)) ?? Promise.reject(noRollout(app.name));
}

export function noRollout(app: string): UserError {
  return new UserError("IAPP_ROLLOUT_NONE", `${app} has had no rollout`, {
    remedy: "Begin one: iapp rollout NOTEBOOK",
  });
}

/** @throws UserError when there is nothing left to steer */
export function refuseOver(state: RolloutState): void {
  if (!isOver(state)) return;
  throw new UserError("IAPP_ROLLOUT_OVER", `the rollout of ${state.to} is over: ${state.phase}`, {
    remedy: state.phase === "promoted" ? "Go back with iapp rollback." : "Begin another with iapp rollout.",
  });
}
