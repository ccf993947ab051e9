import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { ownCommand } from "../../core/package-root.js";
import { keep } from "../../local/keep.js";
import { backgroundEnv } from "../../local/launch.js";
import { appPaths, logFileOf, processFileOf } from "../../local/paths.js";
import { readState } from "../../local/state.js";
import { supervise } from "../../local/supervisor.js";
import { runRouter } from "../../router/process.js";

/** The processes that iapp starts for itself. Each resolves with its exit code. */

export function runSupervisor(ctx: Context, dir: string): Promise<number> {
  return supervise({ dir, own: ownCommand(ctx.env), env: backgroundEnv(ctx.env), signal: ctx.signal });
}

export async function runRouterOf(ctx: Context, dir: string, unit: string): Promise<number> {
  const state = await readState(dir);
  if (state === null) throw new UserError("IAPP_LOCAL_NO_APP", `there is no app in ${dir}`);
  const paths = appPaths(dir);
  return runRouter({
    unit,
    routeFile: paths.route,
    logFile: logFileOf(paths, "router"),
    logBytes: state.settings.log_bytes,
    processFile: processFileOf(paths, unit),
    host: state.port.host,
    port: state.port.number,
    adminPort: 0,
    signal: ctx.signal,
  });
}

export function runKeeper(specFile: string): Promise<number> {
  return keep(specFile);
}
