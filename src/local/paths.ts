import { join } from "node:path";

/** Everything of one app on this machine lies in one folder: `.iapp/apps/<app>/`. */
export interface AppPaths {
  dir: string;
  state: string;
  /** Held for the moment of one change of the state. */
  stateLock: string;
  /** Held by the one supervisor for its life. */
  supervisorLock: string;
  /** Held by the one command that changes the app. */
  operationLock: string;
  route: string;
  /** What each running process says about itself. */
  run: string;
  logs: string;
}

export function appPaths(dir: string): AppPaths {
  return {
    dir,
    state: join(dir, "state.json"),
    stateLock: join(dir, "state.lock"),
    supervisorLock: join(dir, "supervisor.lock"),
    operationLock: join(dir, "operation.lock"),
    route: join(dir, "route.json"),
    run: join(dir, "run"),
    logs: join(dir, "logs"),
  };
}

export const processFileOf = (paths: AppPaths, unit: string): string => join(paths.run, `${unit}.json`);
export const logFileOf = (paths: AppPaths, unit: string): string => join(paths.logs, `${unit}.ndjson`);
