import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { desire, waitFor } from "../../local/control.js";
import { LocalPlatform } from "../../local/platform.js";
import { type AppState, updateState, type VersionRecord, withHistory } from "../../local/state.js";
import { type App, handleOf, urlOf } from "../apps/index.js";
import { routerUp } from "../apps/port.js";
import type { Candidate } from "./candidate.js";
import { askExample, type ExampleAnswer } from "./example.js";

/** How long cleaning up may take after an interruption. */
const CLEAN_UP_MS = 60_000;

/**
 * Brings a version up, asks it the example rows, moves the requests to it, ends the old one. Whatever fails before the requests have
 * moved leaves the old version as it was.
 */
export async function bringUp(
  ctx: Context,
  app: App,
  version: VersionRecord,
  replaces: string | null,
  candidate: Candidate,
): Promise<ExampleAnswer> {
  const platform = new LocalPlatform(app.handle);
  const step = (code: string, text: string): void =>
    ctx.emit({
      code,
      level: "progress",
      text,
      data: { app: app.name, version: version.name, progress: { label: text } },
    });
  let moved = false;
  try {
    step("deploy.start", `starting ${version.name}`);
    const outcome = await platform.start(version.name);
    if (!outcome.ready) {
      throw new OperationError("IAPP_DEPLOY_NOT_READY", `${version.name} ${outcome.failure.reason}`, {
        lines: outcome.failure.lines,
        remedy:
          replaces === null
            ? "See `iapp logs` for more."
            : `${replaces} is left as it was. See \`iapp logs\` for more.`,
        data: { version: version.name, serving: replaces },
      });
    }
    step("deploy.example", `asking ${version.name} the example rows`);
    await askExample(`http://${outcome.endpoint}`, candidate.examples);
    await routerUp(ctx, app);
    if (replaces !== null) {
      step("deploy.switch", `moving requests from ${replaces} to ${version.name}`);
      await platform.weights(new Map([[version.name, 1000]]));
    }
    moved = true;
    const answer = await askExample(urlOf(await noteDeployed(ctx, app, version)), candidate.examples);
    if (replaces !== null) {
      step("deploy.drain", `${replaces} ends what it has begun`);
      await platform.retire(replaces);
    }
    return answer;
  } catch (error) {
    // Ctrl-C aborts the waiting, not the cleaning up.
    const cleaner = { ...ctx, signal: AbortSignal.timeout(CLEAN_UP_MS) };
    const handle = handleOf(cleaner, app.handle.dir);
    if (!moved) await takeBack(cleaner, { ...app, handle }, version.name, replaces, error as Error);
    else if (replaces !== null) await desire(handle, (state) => without(state, replaces));
    throw error;
  }
}

/** The version is not wanted any more; what ran before is wanted as it was. */
async function takeBack(ctx: Context, app: App, version: string, replaces: string | null, error: Error): Promise<void> {
  const at = new Date(ctx.now()).toISOString();
  const text = `${version} was not deployed: ${error.message}`;
  await desire(app.handle, (state) => {
    const noted = withHistory(state, { at, what: "failed", version, text });
    if (replaces === null) return { ...noted, desired: { ...noted.desired, running: false, versions: [] } };
    const versions = noted.desired.versions
      .filter(({ name }) => name !== version)
      .map((other) => ({ ...other, weight: other.name === replaces ? 1000 : 0 }));
    return { ...noted, desired: { ...noted.desired, versions } };
  });
  await waitFor(app.handle, ({ observed }) => {
    const gone = replaces === null ? observed.supervisor === null : observed.versions[version] === undefined;
    return gone ? true : undefined;
  }).catch(() => undefined);
}

async function noteDeployed(ctx: Context, app: App, version: VersionRecord): Promise<AppState> {
  const at = new Date(ctx.now()).toISOString();
  const text = `${version.name} gets all requests`;
  const state = await updateState(app.handle.dir, (before) =>
    before === null ? null : withHistory(before, { at, what: "deployed", version: version.name, text }),
  );
  return state ?? app.state;
}

function without(state: AppState, version: string): AppState {
  const versions = state.desired.versions.filter(({ name }) => name !== version);
  return { ...state, desired: { ...state.desired, versions } };
}
