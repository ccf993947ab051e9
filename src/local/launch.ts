import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processStart } from "../core/process.js";
import { ownProcess, type ProcessFile, writeProcessFile } from "../core/process-file.js";
import { MARK } from "./group.js";
import type { KeepSpec } from "./keep.js";
import { type AppPaths, logFileOf, processFileOf } from "./paths.js";
import type { Settings, VersionRecord } from "./state.js";

/** Program and script that start a process of this command line. */
export type OwnCommand = readonly [program: string, script: string];

/** By this descendants of a unit are found, also by a supervisor that did not start them. */
export function markOf(paths: AppPaths, unit: string): string {
  return `${createHash("sha256").update(paths.dir).digest("hex").slice(0, 16)}/${unit}`;
}

const INHERITED = /^(PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TMPDIR|TZ|IAPP_ENTRY|SSL_CERT_FILE|LD_LIBRARY_PATH)$/;

/** What background processes inherit of a person's environment: where things are and how to write them, no secrets. */
export function backgroundEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => INHERITED.test(name) && value !== undefined);
  return Object.fromEntries(kept) as Record<string, string>;
}

/**
 * Starts a process in a session of its own. It notes itself, but so does the starter, at once: between the two it may die.
 */
function detached(
  paths: AppPaths,
  unit: string,
  command: readonly string[],
  env: Record<string, string>,
  now: number,
): ProcessFile | null {
  mkdirSync(paths.logs, { recursive: true });
  mkdirSync(paths.run, { recursive: true });
  const processFile = processFileOf(paths, unit);
  rmSync(processFile, { force: true });
  // Last words of the runtime itself: out of memory, a missing module.
  const words = openSync(join(paths.logs, `${unit}.stderr`), "w", 0o600);
  try {
    const [program, ...args] = command;
    const child = spawn(program!, args, { cwd: paths.dir, env, detached: true, stdio: ["ignore", words, words] });
    child.on("error", () => undefined);
    child.unref();
    if (child.pid === undefined) return null;
    const start = processStart(child.pid);
    const file: ProcessFile = { ...ownProcess(unit, now), pid: child.pid, start, mark: env[MARK] ?? null };
    writeProcessFile(processFile, file);
    return file;
  } finally {
    closeSync(words);
  }
}

/** Starts a version's program inside a keeper. */
export function launchScoring(
  paths: AppPaths,
  unit: string,
  version: VersionRecord,
  own: OwnCommand,
  env: Record<string, string>,
  settings: Settings,
): ProcessFile | null {
  const mark = markOf(paths, unit);
  const spec: KeepSpec = {
    unit,
    command: version.command,
    cwd: version.cwd,
    env: { ...version.env, [MARK]: mark },
    mark,
    processFile: processFileOf(paths, unit),
    logFile: logFileOf(paths, unit),
    logBytes: settings.log_bytes,
    labels: { component: "scoring", version: version.name, color: version.color, instance: unit },
  };
  mkdirSync(paths.run, { recursive: true });
  const specFile = join(paths.run, `${unit}.spec.json`);
  writeFileSync(specFile, JSON.stringify(spec), { mode: 0o600 });
  return detached(paths, unit, [...own, "_keep", specFile], { ...env, [MARK]: mark }, Date.now());
}

export function launchRouter(
  paths: AppPaths,
  unit: string,
  own: OwnCommand,
  env: Record<string, string>,
): ProcessFile | null {
  return detached(
    paths,
    unit,
    [...own, "_router", paths.dir, unit],
    { ...env, [MARK]: markOf(paths, unit) },
    Date.now(),
  );
}

/** Starts a driver of the app's rollout that belongs to no terminal. */
export function launchRollout(paths: AppPaths, own: OwnCommand, env: Record<string, string>): void {
  detached(paths, "rollout", [...own, "_rollout", paths.dir], env, Date.now());
}

/** Starts a supervisor that belongs to no terminal. Whether it came up is seen in the state. */
export function launchSupervisor(paths: AppPaths, own: OwnCommand, env: Record<string, string>): void {
  detached(paths, "supervisor", [...own, "_supervise", paths.dir], env, Date.now());
}
