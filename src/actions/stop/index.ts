import type { Context } from "../../core/events.js";
import { acquireLock } from "../../core/lock.js";
import { hasEnded } from "../../core/process.js";
import { desire, isSupervised, livingProcesses, waitFor } from "../../local/control.js";
import { appPaths } from "../../local/paths.js";
import { type AppState, readState, updateState, withHistory } from "../../local/state.js";
import { type App, resolveApp } from "../apps/index.js";

export interface StopResult {
  name: string;
  /** False: nothing ran already. */
  changed: boolean;
}

/** Ends every process of an app and keeps everything else. Nothing to do is no failure. */
export async function stop(ctx: Context, name: string | undefined): Promise<StopResult> {
  const app = await resolveApp(ctx, name);
  const lock = await acquireLock(appPaths(app.handle.dir).operationLock, {
    command: `iapp stop ${app.name}`,
    signal: ctx.signal,
  });
  try {
    return { name: app.name, changed: await stopApp(ctx, app) };
  } finally {
    await lock.release();
  }
}

/** Under the app's operation lock. True when something had to be ended. */
export async function stopApp(ctx: Context, app: App): Promise<boolean> {
  const state = (await readState(app.handle.dir)) ?? app.state;
  const stopped = (before: AppState): AppState => ({
    ...withHistory(before, { at: new Date(ctx.now()).toISOString(), what: "stopped", version: null, text: "stopped" }),
    desired: { ...before.desired, running: false },
  });
  if (!isSupervised(state) && livingProcesses(state).length === 0) {
    if (state.desired.running)
      await updateState(app.handle.dir, (before) => (before === null ? null : stopped(before)));
    return false;
  }
  ctx.emit({ code: "local.stop", level: "progress", text: `stopping ${app.name}`, data: { app: app.name } });
  // A supervisor does it, also when the last one was killed: it knows how to find and end everything.
  await desire(app.handle, stopped);
  let supervisor = state.observed.supervisor;
  await waitFor(app.handle, ({ observed }) => {
    supervisor = observed.supervisor ?? supervisor;
    return observed.supervisor === null && observed.router === null ? true : undefined;
  });
  // That was its last word; it ends a moment later, and nothing of the app may run when this is told to be done.
  if (supervisor !== null) await hasEnded(supervisor);
  return true;
}
