import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { acquireLock } from "../../core/lock.js";
import { desire, livingProcesses, waitFor } from "../../local/control.js";
import { appPaths } from "../../local/paths.js";
import { isServing, newest, nextSerial } from "../../local/platform.js";
import { type AppState, type DesiredVersion, readState, withHistory } from "../../local/state.js";
import { type App, handleOf, resolveApp, urlOf } from "../apps/index.js";
import { type Port, routerUp, usablePort, withPort } from "../apps/port.js";

export interface RestartResult {
  name: string;
  url: string;
  versions: string[];
  /** Did something run before? */
  ran: boolean;
}

/**
 * Starts the versions that get requests anew: beside what runs, which goes only when the new processes answer. Also starts an app
 * that was stopped, or is down, on its old port. When the new processes fail, what ran goes on.
 */
export async function restart(
  ctx: Context,
  input: { name: string | undefined; port: number | undefined },
): Promise<RestartResult> {
  const app = await resolveApp(ctx, input.name);
  const lock = await acquireLock(appPaths(app.handle.dir).operationLock, {
    command: `iapp restart ${app.name}`,
    signal: ctx.signal,
  });
  try {
    return await restartApp(ctx, app, input.port);
  } finally {
    await lock.release();
  }
}

/** Under the app's operation lock. */
export async function restartApp(ctx: Context, app: App, asked: number | undefined): Promise<RestartResult> {
  const before = (await readState(app.handle.dir)) ?? app.state;
  const versions = toRun(before);
  if (versions.length === 0) {
    throw new UserError("IAPP_APP_NO_VERSION", `no version of ${app.name} was ever ready`, {
      remedy: "Deploy its notebook again with `iapp deploy NOTEBOOK`.",
    });
  }
  const port = await usablePort(ctx, app, asked);
  const text = `starting ${app.name} ${versions.map(({ name }) => name).join(", ")}`;
  ctx.emit({ code: "local.start", level: "progress", text, data: { app: app.name } });
  await desire(app.handle, (state) => restarted(state, versions, port, ctx.now()));
  try {
    for (const { name } of versions) await ready(app, name);
    await routerUp(ctx, app);
  } catch (error) {
    await undo(ctx, app, before);
    throw error;
  }
  await waitFor(app.handle, (state) => (onlyNewest(state) ? true : undefined));
  const now = (await readState(app.handle.dir)) ?? before;
  const ran = before.desired.running && livingProcesses(before).length > 0;
  return { name: app.name, url: urlOf(now), versions: versions.map(({ name }) => name), ran };
}

/** What was wanted last; after a failed first deployment that is nothing. */
function toRun(state: AppState): DesiredVersion[] {
  return state.desired.versions.filter(({ weight }) => weight > 0);
}

function restarted(state: AppState, versions: DesiredVersion[], port: Port, now: number): AppState {
  const at = new Date(now).toISOString();
  const names = versions.map(({ name }) => name).join(", ");
  const entry = { at, what: "restarted" as const, version: null, text: `restarted ${names}` };
  const moved = withPort(withHistory(state, entry), port, now);
  const routerOk = isServing(state.observed.router ?? undefined) || moved.desired.router !== state.desired.router;
  return {
    ...moved,
    desired: {
      running: true,
      router: routerOk ? moved.desired.router : moved.desired.router + 1,
      versions: versions.map((version) => ({ ...version, serial: nextSerial(state, version.name) })),
    },
  };
}

async function ready(app: App, version: string): Promise<void> {
  await waitFor(app.handle, (state) => {
    const unit = newest(state, version);
    if (isServing(unit)) return true;
    if (unit === undefined || unit.problem === null || unit.proven) return undefined;
    const { text, lines } = unit.problem;
    throw new OperationError("IAPP_LOCAL_START", `${version} ${text}`, {
      lines,
      remedy: "See `iapp logs` for more.",
      data: { version },
    });
  });
}

const onlyNewest = (state: AppState): boolean =>
  state.desired.versions.every(({ name }) => (state.observed.versions[name] ?? []).length <= 1);

/** What ran before runs on: its processes are wanted again, the new ones are not. What did not run is not tried again. */
async function undo(ctx: Context, app: App, before: AppState): Promise<void> {
  const handle = handleOf({ ...ctx, signal: AbortSignal.timeout(60_000) }, app.handle.dir);
  const running = before.desired.running && livingProcesses(before).length > 0;
  await desire(handle, (state) => ({
    ...state,
    desired: { ...before.desired, running, router: state.desired.router },
  }));
}
