import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { acquireLock } from "../../core/lock.js";
import { quoted } from "../../core/quoted.js";
import { slug } from "../../core/slug.js";
import { ensureSupervisor, isSupervised, livingProcesses } from "../../local/control.js";
import { appPaths } from "../../local/paths.js";
import { isServing, newest } from "../../local/platform.js";
import { type AppState, newState, readState, updateState, type VersionRecord } from "../../local/state.js";
import { ensureState, type ProjectLayout } from "../../project/layout.js";
import { type App, adopt, handleOf, urlOf } from "../apps/index.js";
import { newPort, usablePort, withPort } from "../apps/port.js";
import { restartApp } from "../restart/index.js";
import { refuseUnfinished } from "../rollout/unfinished.js";
import { bringUp } from "./apply.js";
import { type Candidate, serveCommand, serveEnv } from "./candidate.js";
import { askExample, type ExampleAnswer } from "./example.js";
import { currentVersion, type DeployPlan, nextVersion, planDeploy } from "./plan.js";

export interface DeployInput {
  layout: ProjectLayout;
  /** Name of the app; a DNS label. */
  name: string;
  /** What the person typed, for messages. */
  source: string;
  port: number | undefined;
  /** Trains, or reads a bundle. Called under the app's lock: of two deployments of one app only one trains. */
  prepare: (ctx: Context) => Promise<Candidate>;
}

export interface DeployResult {
  schema: "iapp.deploy/1";
  name: string;
  version: string;
  /** False: this very bundle was serving already. */
  changed: boolean;
  replaced: string | null;
  url: string;
  bundle: { digest: string; dir: string };
  example: ExampleAnswer;
}

/** The app's name: as given, else made from the notebook's file name. */
export function appName(given: string | undefined, source: string): string {
  const name = given === undefined ? slug(source) : slug(given) === given ? given : null;
  if (name !== null) return name;
  throw new UserError(
    "IAPP_DEPLOY_NAME",
    given === undefined ? `${source} gives no name` : `${given} is no name of an app`,
    {
      remedy: "Give --name with lower case letters, digits and inner hyphens, at most 63 characters.",
    },
  );
}

/** From a notebook (or a bundle) to a proved, running service. */
export async function deploy(ctx: Context, input: DeployInput): Promise<DeployResult> {
  const { layout, name } = input;
  await ensureState(layout);
  const dir = join(layout.apps, name);
  const lock = await acquireLock(appPaths(dir).operationLock, {
    command: `iapp deploy ${quoted(input.source)}`,
    signal: ctx.signal,
  });
  try {
    await refuseUnfinished(dir, name);
    const before = await readState(dir);
    // A port that cannot be had is said before the training, not after it.
    const port = before === null ? await newPort(layout, input.port) : null;
    const candidate = await input.prepare(ctx);
    const created = await updateState(dir, (state) => state ?? newState(name, port!, ctx.now()));
    const app: App = { name, layout, handle: handleOf(ctx, dir), state: created! };
    adopt(ctx, app);
    const plan = planDeploy(created, candidate, isAnswering(created!));
    const samePort = input.port === undefined || input.port === created!.port.number;
    const document = (version: string): Omit<DeployResult, "changed" | "replaced" | "url" | "example"> => ({
      schema: "iapp.deploy/1",
      name,
      version,
      bundle: candidate.bundle,
    });
    if (plan.kind === "unchanged" && samePort) {
      const url = urlOf(created!);
      const example = await askExample(url, candidate.examples);
      return { ...document(plan.version), changed: false, replaced: null, url, example };
    }
    if (plan.kind !== "new") {
      const { url } = await restartApp(ctx, app, input.port);
      const example = await askExample(url, candidate.examples);
      return { ...document(plan.version), changed: true, replaced: null, url, example };
    }
    const version = await addVersion(ctx, app, plan, candidate, input.port);
    const example = await bringUp(ctx, app, version, plan.replaces, candidate);
    const after = (await readState(dir)) ?? created!;
    return { ...document(version.name), changed: true, replaced: plan.replaces, url: urlOf(after), example };
  } finally {
    await lock.release();
    // Nothing came of a first deployment: not even an empty folder stays.
    await rmdir(dir).catch(() => undefined);
  }
}

/** Does the current version answer requests at the moment? */
export function isAnswering(state: AppState): boolean {
  const current = currentVersion(state);
  const running = state.desired.running && livingProcesses(state).length > 0;
  return (
    running && current !== null && isServing(newest(state, current)) && isServing(state.observed.router ?? undefined)
  );
}

/** Notes the new version, and drops what an interrupted deployment has left beside the current one. */
export async function addVersion(
  ctx: Context,
  app: App,
  plan: DeployPlan & { kind: "new" },
  candidate: Candidate,
  asked: number | undefined,
): Promise<VersionRecord> {
  const port = await usablePort(ctx, app, asked);
  const version: VersionRecord = {
    name: plan.version,
    color: plan.color,
    created: new Date(ctx.now()).toISOString(),
    notebook: candidate.notebook,
    bundle: candidate.bundle,
    run: candidate.run,
    command: serveCommand(candidate.python, candidate.bundle.dir, app.name, plan.version),
    cwd: candidate.bundle.dir,
    env: serveEnv(ctx.env),
  };
  const state = await updateState(app.handle.dir, (before) => {
    if (before === null) return null;
    const moved = withPort(before, port, ctx.now());
    const versions = plan.replaces === null ? [] : before.desired.versions.filter(({ weight }) => weight > 0);
    const desired = { ...moved.desired, versions };
    return { ...moved, generation: before.generation + 1, desired, versions: [...before.versions, version] };
  });
  if (state !== null && isSupervised(state)) ensureSupervisor(app.handle, state);
  return version;
}

/** What a deployment would do, as far as that is known before training. Changes nothing. */
export async function describeDeploy(
  layout: ProjectLayout,
  name: string,
): Promise<{ version: string; replaces: string | null; port: number | null }> {
  const state = await readState(join(layout.apps, name));
  if (state === null) return { version: "v1", replaces: null, port: null };
  const replaces = state.desired.running ? currentVersion(state) : null;
  return { version: nextVersion(state), replaces, port: state.port.number };
}
