import { isAbsolute } from "node:path";
import { Interrupted, OperationError } from "../core/errors.js";
import { isSameProcess } from "../core/process.js";
import { readProcessFile } from "../core/process-file.js";
import { backgroundEnv, launchSupervisor, type OwnCommand } from "./launch.js";
import { appPaths, logFileOf, processFileOf } from "./paths.js";
import { type AppState, readState, type UnitStatus, updateState } from "./state.js";
import { lastLines } from "./tail.js";

/** How a command reaches an app on this machine. */
export interface AppHandle {
  dir: string;
  own: OwnCommand;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

const POLL_MS = 50;
/** How long a supervisor may take to say that it is there. */
const COMES_UP_MS = 15_000;

export function isSupervised(state: AppState): boolean {
  return state.observed.supervisor !== null && isSameProcess(state.observed.supervisor);
}

/** Every process that the state knows to live. */
export function livingProcesses(state: AppState): UnitStatus[] {
  const { router, versions } = state.observed;
  return [...(router === null ? [] : [router]), ...Object.values(versions).flat()].filter(
    ({ process }) => process !== null && isSameProcess(process),
  );
}

/** Changes what is wanted, makes sure that a supervisor looks at it, and resolves with the new state. */
export async function desire(app: AppHandle, change: (state: AppState) => AppState): Promise<AppState> {
  const state = await updateState(app.dir, (before) => {
    if (before === null) throw noApp(app.dir);
    const after = change(before);
    return { ...after, generation: before.generation + 1 };
  });
  ensureSupervisor(app, state!);
  return state!;
}

/** Wakes the supervisor, or starts one. Harmless when there is one already: only one of them gets the lock. */
export function ensureSupervisor(app: AppHandle, state: AppState): void {
  if (!isAbsolute(app.dir)) throw new Error("an app's folder must be absolute");
  const { supervisor } = state.observed;
  if (supervisor !== null && isSameProcess(supervisor)) {
    try {
      process.kill(supervisor.pid, "SIGHUP");
      return;
    } catch {
      // It has just ended.
    }
  }
  const starting = readProcessFile(processFileOf(appPaths(app.dir), "supervisor"));
  if (starting !== null && isSameProcess(starting)) return;
  launchSupervisor(appPaths(app.dir), app.own, backgroundEnv(app.env));
}

/**
 * Waits until `done` gives something else than undefined for the state. Starts a supervisor again when it dies meanwhile.
 * Rejects with `Interrupted` when the signal aborts, and with whatever `done` throws.
 */
export async function waitFor<T>(app: AppHandle, done: (state: AppState) => T | undefined): Promise<T> {
  let alone = Date.now();
  let launched = 0;
  for (;;) {
    if (app.signal.aborted) throw new Interrupted();
    const state = await readState(app.dir);
    if (state === null) throw noApp(app.dir);
    const result = done(state);
    if (result !== undefined) return result;
    if (isSupervised(state)) alone = Date.now();
    else if (Date.now() - alone > 1000) {
      const file = readProcessFile(processFileOf(appPaths(app.dir), "supervisor"));
      const starting = file !== null && isSameProcess(file);
      if (Date.now() - alone > COMES_UP_MS || (!starting && launched >= 3)) throw noSupervisor(app.dir);
      if (!starting) {
        launched += 1;
        ensureSupervisor(app, state);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function noApp(dir: string): OperationError {
  return new OperationError("IAPP_LOCAL_GONE", `the app in ${dir} is gone`);
}

function noSupervisor(dir: string): OperationError {
  const paths = appPaths(dir);
  return new OperationError("IAPP_LOCAL_SUPERVISOR", "the supervisor does not start", {
    lines: lastLines(logFileOf(paths, "supervisor"), 10),
    remedy: `See ${paths.logs} for more.`,
  });
}
