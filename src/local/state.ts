import { OperationError } from "../core/errors.js";
import { readJson, writeJson } from "../core/fs.js";
import { acquireLock } from "../core/lock.js";
import type { ProcessId } from "../core/process-file.js";
import type { Wish } from "../router/wish.js";
import { appPaths } from "./paths.js";

export type Color = "blue" | "green";

/** A bundle that was deployed: what to run and where it came from. Never changed afterwards. */
export interface VersionRecord {
  /** `v1`, `v2`, ... in the order of deployment; numbers are not used again. */
  name: string;
  color: Color;
  created: string;
  /** Path of the notebook, or null when a bundle was deployed as it is. */
  notebook: string | null;
  bundle: { digest: string; dir: string };
  /** Folder of the training run, for its logs. */
  run: string | null;
  /** The program and its arguments. It listens on a free port of 127.0.0.1 and prints `{"code": "service.ready", "port": N}`. */
  command: string[];
  cwd: string;
  env: Record<string, string>;
}

export interface DesiredVersion {
  name: string;
  /** Thousandths of the new requests. All together 1000. */
  weight: number;
  /** Counts restarts that a person asked for: another number is another process. */
  serial: number;
}

export type UnitPhase = "starting" | "ready" | "unready" | "backoff" | "crash-loop" | "stopping" | "stopped";

export interface UnitProblem {
  code: "exit" | "port" | "timeout" | "hung" | "start";
  text: string;
  /** Last lines of its log. */
  lines: string[];
}

export interface UnitStatus {
  unit: string;
  serial: number;
  phase: UnitPhase;
  process: ProcessId | null;
  /** The program inside the keeper; the router has none. */
  program: number | null;
  port: number | null;
  admin: number | null;
  /** Milliseconds since the epoch: when the running process started, else when the phase began. */
  since: number;
  /** Starts after the first one. */
  restarts: number;
  /** Was it ready at any time? */
  proven: boolean;
  problem: UnitProblem | null;
}

export interface Observed {
  /** The desired generation whose route the router has applied. */
  generation: number;
  supervisor: ProcessId | null;
  router: UnitStatus | null;
  /** Processes of each version, newest last; more than one while one replaces the other. */
  versions: Record<string, UnitStatus[]>;
  route: { generation: number; applied: number; problem: string | null };
}

/** How patient the supervisor is. Milliseconds. */
export interface Settings {
  ready_ms: number;
  grace_ms: number;
  drain_ms: number;
  probe_ms: number;
  /** Silence of the health routes after which a process counts as hung. */
  hung_ms: number;
  backoff_ms: number;
  backoff_most_ms: number;
  /** A process that ran this long before it failed starts with a clean slate. */
  steady_ms: number;
  /** Failures in a row after which it is left alone. */
  crash_limit: number;
  log_bytes: number;
}

export const DEFAULT_SETTINGS: Settings = {
  ready_ms: 120_000,
  grace_ms: 10_000,
  drain_ms: 30_000,
  probe_ms: 2_000,
  hung_ms: 30_000,
  backoff_ms: 250,
  backoff_most_ms: 30_000,
  steady_ms: 60_000,
  crash_limit: 5,
  log_bytes: 10 * 1024 * 1024,
};

export interface HistoryEntry {
  at: string;
  what: "created" | "deployed" | "failed" | "retired" | "restarted" | "stopped" | "port";
  version: string | null;
  text: string;
}

/** `state.json`: what people want (written by commands) and what is (written by the supervisor). */
export interface AppState {
  schema: "iapp.app/1";
  name: string;
  created: string;
  /** Counts changes of `desired` and `port`. */
  generation: number;
  /** Chosen once, then kept. `pinned`: a person asked for this very port. */
  port: { host: string; number: number; pinned: boolean };
  desired: Wish & {
    running: boolean;
    versions: DesiredVersion[];
    router: number;
    /** The version that the router takes out by itself when it does nothing but fail. */
    guarded?: string;
  };
  versions: VersionRecord[];
  settings: Settings;
  observed: Observed;
  history: HistoryEntry[];
}

export const NOTHING_OBSERVED: Observed = {
  generation: 0,
  supervisor: null,
  router: null,
  versions: {},
  route: { generation: 0, applied: 0, problem: null },
};

export function newState(
  name: string,
  port: AppState["port"],
  now: number,
  settings: Partial<Settings> = {},
): AppState {
  const at = new Date(now).toISOString();
  return {
    schema: "iapp.app/1",
    name,
    created: at,
    generation: 0,
    port,
    desired: { running: false, versions: [], router: 1 },
    versions: [],
    settings: { ...DEFAULT_SETTINGS, ...settings },
    observed: NOTHING_OBSERVED,
    history: [{ at, what: "created", version: null, text: `created with port ${port.number}` }],
  };
}

/** The app's state, or null where there is no such app. */
export async function readState(dir: string): Promise<AppState | null> {
  const { state } = appPaths(dir);
  const found = await readJson<AppState>(state);
  if (found !== null && found.schema !== "iapp.app/1") {
    throw new OperationError("IAPP_LOCAL_STATE", `${state} was written by another version of iapp (${found.schema})`, {
      remedy: "Use the version of iapp that made it, or delete the app with that version.",
    });
  }
  return found;
}

/**
 * Changes the state under its lock and resolves with the new one. `change` gets the present state (null: no such app) and returns
 * the new one, or null to leave everything as it is.
 */
export async function updateState(
  dir: string,
  change: (state: AppState | null) => AppState | null,
): Promise<AppState | null> {
  const paths = appPaths(dir);
  const lock = await acquireLock(paths.stateLock, { command: "a change of the app's state", wait: 10_000 });
  try {
    const before = await readState(dir);
    const after = change(before);
    if (after === null) return before;
    await writeJson(paths.state, after);
    return after;
  } finally {
    await lock.release();
  }
}

const HISTORY_LENGTH = 100;

export function withHistory(state: AppState, entry: HistoryEntry): AppState {
  return { ...state, history: [...state.history, entry].slice(-HISTORY_LENGTH) };
}
