import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { quoted } from "../../core/quoted.js";
import { type ClusterApp, currentVersion, newApp, nextVersionName, noted } from "../../kube/app-state.js";
import { readApp, updateApp } from "../../kube/app-store.js";
import type { KubeApi } from "../../kube/client/api.js";
import { acquireLease, type Lease, peekLease } from "../../kube/lease.js";
import { ClusterPlatform } from "../../kube/platform.js";
import { refuseUnfinished } from "../../kube/rollout-store.js";
import type { ProjectLayout } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import type { Candidate } from "../deploy/candidate.js";
import { askExample, type ExampleAnswer } from "../deploy/example.js";
import { checkName, onTarget } from "./access.js";
import { publishBundle } from "./bundles.js";
import { servingSame, type Wanted, withCandidate } from "./candidate.js";
import { removeApp } from "./delete.js";
import { repositoryOf, scoringImage, toolImage } from "./images.js";
import { appUrl, forwardRouter } from "./reach.js";
import { type SettingsInput, wantedSettings } from "./settings.js";

export interface ClusterDeployInput {
  layout: ProjectLayout;
  target: Target;
  name: string;
  /** What the person typed, for messages. */
  source: string;
  settings: SettingsInput;
  prepare: (ctx: Context) => Promise<Candidate>;
}

export interface ClusterDeployResult {
  schema: "iapp.deploy/1";
  name: string;
  target: string;
  namespace: string;
  version: string;
  changed: boolean;
  replaced: string | null;
  url: string;
  image: string;
  bundle: { digest: string; dir: string };
  example: ExampleAnswer;
  /** Seconds by phase. */
  seconds: Record<string, number>;
}

const CLEAN_UP_MS = 120_000;

/** From a notebook (or a bundle) to a proved service on a cluster. */
export async function deployToCluster(ctx: Context, input: ClusterDeployInput): Promise<ClusterDeployResult> {
  const { layout, target, name } = input;
  checkName(name);
  const clock = new Phases(ctx);
  return onTarget(ctx, target, async (api) => {
    // What would be refused at the end is refused before the training.
    const before = await readApp(api, name);
    await peekLease(api, name);
    await refuseUnfinished(api, name);
    const candidate = await clock.time("train", () => input.prepare(ctx));
    const { bundle } = candidate;
    const [router, image] = await clock.time("image", async () => {
      const place = { repository: repositoryOf(target, name), insecure: target.insecure };
      const tool = await toolImage(ctx, layout, target);
      const scoring = await scoringImage(ctx, layout, target, name, bundle);
      await publishBundle(ctx, bundle.dir, bundle.digest, place);
      return [tool, scoring];
    });
    const wanted = { candidate, image, ...wantedSettings(before, input.settings, target, router) };
    const done = async (app: ClusterApp, more: Pick<ClusterDeployResult, "changed" | "replaced" | "example">) => ({
      schema: "iapp.deploy/1" as const,
      name,
      target: target.name,
      namespace: target.namespace,
      version: currentVersion(app)!,
      url: await appUrl(api, app),
      image,
      bundle,
      ...more,
      seconds: clock.seconds,
    });
    if (before !== null && (await isSame(api, before, wanted))) {
      const example = await throughRouter(api, name, candidate);
      return done(before, { changed: false, replaced: null, example });
    }
    const command = `iapp deploy ${quoted(input.source)}`;
    const lease = await acquireLease(api, name, { identity: myself(), command });
    try {
      await refuseUnfinished(api, name);
      // Whoever has lost the lease changes nothing any more.
      const fenced = api.with(AbortSignal.any([ctx.signal, lease.lost]));
      const outcome = await changeOver(ctx, fenced, { input, wanted, lease, clock });
      return await done(outcome.app, { changed: true, replaced: outcome.replaced, example: outcome.example });
    } finally {
      await lease.release();
    }
  });
}

/** What a deployment would do, as far as that is known before training. Changes nothing. */
export async function planClusterDeploy(
  ctx: Context,
  { target, name, source }: ClusterDeployInput,
): Promise<{
  schema: "iapp.deploy-plan/1";
  name: string;
  target: string;
  version: string;
  replaces: string | null;
  steps: string[];
}> {
  checkName(name);
  return onTarget(ctx, target, async (api) => {
    const app = await readApp(api, name);
    const replaces = app === null || !app.running ? null : currentVersion(app);
    const version = nextVersionName(app);
    const steps = [
      `train ${source} and prove the result, or reuse it when nothing has changed`,
      `build the images and push them to ${target.registry}`,
      `unless this very bundle serves already: start ${name} ${version}${replaces === null ? "" : ` beside ${replaces}`} in the namespace ${target.namespace}`,
      "wait until it answers the example rows as the notebook did",
      replaces === null
        ? "let the router send it all requests"
        : `move all requests from ${replaces} to ${version}, then end ${replaces}`,
    ];
    return { schema: "iapp.deploy-plan/1", name, target: target.name, version, replaces, steps };
  });
}

/** Is this very bundle, image and way of running there already, and the cluster as it is wanted? */
async function isSame(api: KubeApi, app: ClusterApp, wanted: Wanted): Promise<boolean> {
  if (!app.running || app.desired.length !== 1 || servingSame(app, wanted) === null) return false;
  if (JSON.stringify(wanted.settings) !== JSON.stringify(app.settings)) return false;
  const changes = await new ClusterPlatform(api, app.name, () => undefined).reconcile(app, true);
  return changes.every(({ what }) => what === "same");
}

interface ChangeOver {
  input: ClusterDeployInput;
  wanted: Wanted;
  lease: Lease;
  clock: Phases;
}

/**
 * Brings the version up beside what runs, asks it the example rows, moves the requests over, ends the old one. Whatever fails before the
 * requests have moved leaves the old version as it was.
 */
async function changeOver(
  ctx: Context,
  api: KubeApi,
  { input, wanted, lease, clock }: ChangeOver,
): Promise<{ app: ClusterApp; replaced: string | null; example: ExampleAnswer }> {
  const { name, target } = input;
  const step = steps(ctx, name);
  const { candidate } = wanted;
  let version = "";
  const prepared = await updateApp(api, name, (before) => {
    const next = withCandidate(before ?? newApp(name, wanted.settings), wanted, ctx.now());
    version = next.version;
    return next.app;
  });
  const current = currentVersion(prepared!);
  const replaces = prepared!.running && current !== version ? current : null;
  const platform = new ClusterPlatform(api, name, (text) => step("deploy.wait", text));
  let moved = false;
  try {
    await clock.time("start", async () => {
      step("deploy.start", `starting ${version} on ${target.name}`);
      const outcome = await platform.start(version);
      if (!outcome.ready) throw notReady(version, replaces, outcome.failure);
      await platform.routerReady();
      step("deploy.example", `asking ${version} the example rows`);
      await askExample(`http://${outcome.endpoint}`, candidate.examples);
    });
    lease.lost.throwIfAborted();
    const example = await clock.time("switch", async () => {
      if (replaces !== null) step("deploy.switch", `moving requests from ${replaces} to ${version}`);
      await platform.weights(new Map([[version, 1000]]));
      moved = true;
      return throughRouter(api, name, candidate);
    });
    const by = myself();
    const at = new Date(ctx.now()).toISOString();
    const text = `${version} gets all requests`;
    await updateApp(api, name, (app) => app && noted(app, { at, what: "deployed", version: version, by, text }));
    if (replaces !== null) {
      step("deploy.drain", `${replaces} ends what it has begun`);
      await clock.time("drain", () => platform.retire(replaces));
    }
    return { app: (await readApp(api, name))!, replaced: replaces, example };
  } catch (error) {
    // Ctrl-C aborts the waiting, not the cleaning up.
    if (!moved) await takeBack(api.with(AbortSignal.timeout(CLEAN_UP_MS)), name, version, error as Error, ctx.now());
    throw error;
  } finally {
    await platform.close();
  }
}

/** The version is not wanted any more; what ran before runs on. Nothing at all stays of an app that has never served. */
async function takeBack(api: KubeApi, name: string, version: string, error: Error, now: number): Promise<void> {
  const app = await readApp(api, name);
  if (app === null) return;
  const others = app.desired.filter((one) => one.name !== version && one.weight > 0);
  const served = app.history.some(({ what }) => what === "deployed");
  if (others.length === 0 && !served) {
    await removeApp(api, name);
    return;
  }
  const at = new Date(now).toISOString();
  const text = `${version} was not deployed: ${error.message}`;
  const after = await updateApp(api, name, (before) => {
    if (before === null) return null;
    const wasCurrent = currentVersion(before) === version;
    const desired = wasCurrent ? before.desired : before.desired.filter((one) => one.name !== version);
    const changed = { ...before, desired, generation: before.generation + 1 };
    return noted(changed, { at, what: "failed", version, by: myself(), text });
  });
  if (after !== null) await new ClusterPlatform(api, name, () => undefined).reconcile(after);
}

function notReady(
  version: string,
  serving: string | null,
  failure: { reason: string; lines: string[] },
): OperationError {
  const remedy = failure.lines.at(-1) ?? "See `iapp logs`.";
  return new OperationError("IAPP_DEPLOY_NOT_READY", `${version} ${failure.reason}`, {
    lines: failure.lines.slice(0, -1),
    remedy: serving === null ? remedy : `${remedy} ${serving} is left as it is.`,
    data: { version, serving },
  });
}

async function throughRouter(api: KubeApi, name: string, candidate: Candidate): Promise<ExampleAnswer> {
  const way = await forwardRouter(api, name);
  try {
    return await askExample(way.url, candidate.examples);
  } finally {
    await way.close();
  }
}

function steps(ctx: Context, app: string): (code: string, text: string) => void {
  return (code, text) => ctx.emit({ code, level: "progress", text, data: { app, progress: { label: text } } });
}

/** How long each part has taken. */
class Phases {
  readonly seconds: Record<string, number> = {};
  readonly #now: () => number;

  constructor({ now }: Context) {
    this.#now = now;
  }

  async time<T>(phase: string, work: () => Promise<T>): Promise<T> {
    const began = this.#now();
    try {
      return await work();
    } finally {
      this.seconds[phase] = Math.round(this.#now() - began) / 1000;
    }
  }
}
