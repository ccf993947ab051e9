import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AppPaths } from "./paths.js";

/** Logs of this many processes are kept, besides those that run. */
const KEPT = 8;

/** Removes the logs and notes of scoring processes that ended long ago, so that an app that is deployed often does not grow. */
export function prune(paths: AppPaths, running: ReadonlySet<string>): void {
  const logs = namesIn(paths.logs);
  const old = [...new Set(logs.map(unitOf).filter((unit): unit is string => unit !== null && !running.has(unit)))]
    .map((unit) => ({
      unit,
      time: Math.max(...logs.filter((name) => unitOf(name) === unit).map((n) => ageOf(paths, n))),
    }))
    .sort((a, b) => b.time - a.time);
  for (const { unit } of old.slice(KEPT)) {
    for (const name of logs) if (unitOf(name) === unit) rmSync(join(paths.logs, name), { force: true });
  }
  for (const name of namesIn(paths.run)) {
    const unit = /^(scoring-.+)\.spec\.json$/.exec(name)?.[1];
    if (unit !== undefined && !running.has(unit)) rmSync(join(paths.run, name), { force: true });
  }
}

const unitOf = (name: string): string | null => /^(scoring-v\d+-\d+)\.(?:ndjson|stderr)/.exec(name)?.[1] ?? null;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function ageOf(paths: AppPaths, name: string): number {
  try {
    return statSync(join(paths.logs, name)).mtimeMs;
  } catch {
    return 0;
  }
}
