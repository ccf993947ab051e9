import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { quoted } from "../../core/quoted.js";
import { type ClusterApp, currentVersion, noted } from "../../kube/app-state.js";
import { readApp, updateApp } from "../../kube/app-store.js";
import type { KubeApi } from "../../kube/client/api.js";
import { acquireLease, type Lease, leaseHolder, peekLease } from "../../kube/lease.js";
import { ClusterPlatform } from "../../kube/platform.js";
import {
  askRollout,
  ClusterRolloutStore,
  fenceRollout,
  pastRollouts,
  readRollout,
  refuseUnfinished,
} from "../../kube/rollout-store.js";
import type { ProjectLayout } from "../../project/layout.js";
import { findProject } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import { drive } from "../../rollout/driver.js";
import { explain } from "../../rollout/explain.js";
import { isOver, type Request, type RolloutState } from "../../rollout/state.js";
import { type Candidate, readExamples } from "../deploy/candidate.js";
import { askExample } from "../deploy/example.js";
import { noRollout, type RolloutStatus, refuseOver, tellDriver } from "../rollout/control.js";
import { type RollbackResult, targetOf } from "../rollout/rollback.js";
import {
  nothingToRollOut,
  plannedRollout,
  type RolloutInput,
  type RolloutOutcome,
  refuseBreaks,
} from "../rollout/start.js";
import { surroundings, warmUp } from "../rollout/telling.js";
import { onTarget, resolveClusterApp } from "./access.js";
import { bundleFolder, publishBundle } from "./bundles.js";
import { withCandidate } from "./candidate.js";
import { launchDriver } from "./detach.js";
import { repositoryOf, scoringImage, toolImage } from "./images.js";
import { wantedSettings } from "./settings.js";

/** Where a rollout's images come from: they are built here, or put together from what the registry has. */
export interface ImageSource {
  router: (app: ClusterApp) => Promise<string>;
  scoring: (bundle: Candidate["bundle"]) => Promise<string>;
}

const builtHere = (ctx: Context, target: Target, { layout, name }: RolloutInput): ImageSource => ({
  router: () => toolImage(ctx, layout, target),
  scoring: (bundle) => scoringImage(ctx, layout, target, name, bundle),
});

/** Begins a rollout on a cluster beside what serves there, and drives it until it is over, or leaves it to a Job there. */
export function startClusterRollout(
  ctx: Context,
  target: Target,
  input: RolloutInput,
  images = builtHere(ctx, target, input),
): Promise<RolloutOutcome> {
  const { name, layout } = input;
  return onTarget(ctx, target, async (api) => {
    const before = await readApp(api, name);
    const current = before === null || !before.running ? null : currentVersion(before);
    if (before === null || current === null) throw nothingToRollOut(name, input.source, ` --target ${target.name}`);
    await peekLease(api, name);
    await refuseUnfinished(api, name);
    const candidate = await input.prepare(ctx);
    const old = before.versions.find((version) => version.name === current)!;
    if (old.bundle === candidate.bundle.digest) return { kind: "unchanged", version: current };
    const place = { repository: repositoryOf(target, name), insecure: target.insecure };
    if (!input.allowContractChange) {
      await refuseBreaks(await bundleFolder(ctx, layout, old.bundle, place), candidate.bundle.dir, current);
    }
    const router = await images.router(before);
    const image = await images.scoring(candidate.bundle);
    await publishBundle(ctx, candidate.bundle.dir, candidate.bundle.digest, place);
    const command = `iapp rollout ${quoted(input.source)}`;
    const lease = await acquireLease(api, name, { identity: myself(), command });
    try {
      await refuseUnfinished(api, name);
      let version = "";
      const app = await updateApp(api, name, (now) => {
        if (now === null || currentVersion(now) !== current) return null;
        const next = withCandidate(now, { candidate, image, ...wantedSettings(now, {}, target, router) }, ctx.now());
        version = next.version;
        return next.app;
      });
      if (app === null)
        throw new OperationError("IAPP_ROLLOUT_CHANGED", `${name} was changed by somebody else meanwhile`);
      const rollout = plannedRollout(input, current, version, ctx.now());
      await new ClusterRolloutStore(api, name).create(rollout);
      if (!input.detach) return { kind: "ended", state: await driveOn(ctx, api, target, layout, name, lease) };
    } finally {
      await lease.release();
    }
    const state = (await readRollout(api, name))!;
    await launchDriver(api, target, { app: name, image: router, source: before.settings.router.source }, state);
    return { kind: "detached", state };
  });
}

/** Drives the app's rollout until it is over. The caller holds the lease; when that is lost, the driver ends at once. */
export async function driveOn(
  ctx: Context,
  api: KubeApi,
  target: Target,
  layout: ProjectLayout,
  name: string,
  lease: Lease,
): Promise<RolloutState> {
  const fenced = { ...ctx, signal: AbortSignal.any([ctx.signal, lease.lost]) };
  const tell = (text: string): void =>
    ctx.emit({ code: "rollout.wait", level: "progress", text, data: { progress: { label: text } } });
  const parts = target.kubeconfig === null ? "versions" : "all";
  const platform = new ClusterPlatform(api.with(fenced.signal), name, tell, { parts, fence: () => lease.confirm() });
  try {
    const store = new ClusterRolloutStore(api, name);
    const { to } = await store.load();
    const ended = await drive({
      platform,
      store,
      preflight: async (endpoint) => {
        const record = (await readApp(api, name))?.versions.find((version) => version.name === to);
        if (record === undefined) return;
        const place = { repository: repositoryOf(target, name), insecure: target.insecure };
        await warmUp(endpoint, await bundleFolder(ctx, layout, record.bundle, place));
      },
      ...surroundings(fenced),
    });
    await note(ctx, api, name, ended);
    return ended;
  } catch (error) {
    if (lease.lost.aborted) {
      throw new OperationError(
        "IAPP_ROLLOUT_TAKEN_OVER",
        `somebody else drives this rollout now: ${String(lease.lost.reason)}`,
      );
    }
    throw error;
  } finally {
    await platform.close();
  }
}

/** The app's own history tells of it, too: rollbacks read that. */
async function note(ctx: Context, api: KubeApi, name: string, { phase, to, verdict }: RolloutState): Promise<void> {
  const at = new Date(ctx.now()).toISOString();
  const promoted = phase === "promoted";
  const text = promoted ? `${to} gets all requests` : `${to} was rolled back: ${verdict?.reason ?? ""}`;
  await updateApp(api, name, (app) => {
    if (app === null || app.history.at(-1)?.text === text) return app;
    return noted(app, { at, what: promoted ? "deployed" : "rolled-back", version: to, by: myself(), text });
  });
}

export function clusterRolloutStatus(ctx: Context, target: Target, name: string | undefined): Promise<RolloutStatus> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const state = await rolloutOf(api, app.name);
    return { ...explain(state, ctx.now()), app: app.name, driven: await isHeld(api, app.name) };
  });
}

export function clusterRolloutHistory(ctx: Context, target: Target, name: string | undefined): Promise<RolloutState[]> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const [now, ended] = [await readRollout(api, app.name), await pastRollouts(api, app.name)];
    return now === null || isOver(now) ? ended : [now, ...ended];
  });
}

/** Leaves a request for the driver; where nobody drives, drives on. */
export function requestClusterRollout(
  ctx: Context,
  target: Target,
  name: string | undefined,
  what: Request["what"],
  why: string | null,
  takeOver = false,
): Promise<RolloutState> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const before = await rolloutOf(api, app.name);
    refuseOver(before);
    const asks = what !== "resume" || before.paused !== null;
    if (asks) await askRollout(api, app.name, { what, by: myself(), at_ms: ctx.now(), why });
    const driver = await leaseHolder(api, app.name);
    const who = { identity: myself(), command: `iapp rollout ${what}`, force: takeOver };
    const lease = await acquireLease(api, app.name, who).catch((error: unknown) => {
      if (error instanceof OperationError && error.code === "IAPP_KUBE_LEASE") return null;
      throw error;
    });
    if (lease === null) {
      if (what === "resume" && driver !== null) tellDriver(ctx, driver);
      return obeyed(ctx, api, app.name, before);
    }
    try {
      if (takeOver && driver !== null) await fenceOff(ctx, api, app.name, driver);
      if (what === "pause") return (await readRollout(api, app.name))!;
      return await driveOn(ctx, api, target, await findProject(ctx.cwd), app.name, lease);
    } finally {
      await lease.release();
    }
  });
}

/** What the old driver has read of the rollout and of the app is old now: whatever it writes when it wakes up is refused. */
async function fenceOff(ctx: Context, api: KubeApi, name: string, driver: string): Promise<void> {
  const text = `${myself()} takes over from ${driver}`;
  const rollout = await fenceRollout(api, name, text);
  const entry = { at: new Date(ctx.now()).toISOString(), what: "restarted", version: rollout?.to ?? null } as const;
  await updateApp(api, name, (app) => app && noted(app, { ...entry, by: myself(), text }));
}

/** Waits until the driver has seen the request. */
async function obeyed(ctx: Context, api: KubeApi, name: string, before: RolloutState): Promise<RolloutState> {
  for (;;) {
    const state = (await readRollout(api, name))!;
    if (state.request === null || isOver(state) || state.id !== before.id || ctx.signal.aborted) return state;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function rolloutOf(api: KubeApi, name: string): Promise<RolloutState> {
  const state = await readRollout(api, name);
  if (state === null) throw noRollout(name);
  return state;
}

async function isHeld(api: KubeApi, name: string): Promise<boolean> {
  return peekLease(api, name).then(
    () => false,
    (error: unknown) => {
      if (error instanceof OperationError && error.code === "IAPP_KUBE_LEASE") return true;
      throw error;
    },
  );
}

/** Back to a version, as on this machine: while a rollout is under way this ends it. */
export function clusterRollback(
  ctx: Context,
  target: Target,
  name: string | undefined,
  wanted: string | null,
): Promise<RollbackResult> {
  const began = ctx.now();
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const result = (from: string | null, to: string, aborted: boolean): RollbackResult => {
      return { schema: "iapp.rollback/1", app: app.name, from, to, aborted, seconds: (ctx.now() - began) / 1000 };
    };
    const rollout = await readRollout(api, app.name);
    if (rollout !== null && !isOver(rollout) && (wanted === null || wanted === rollout.from)) {
      await requestClusterRollout(ctx, target, app.name, "abort", "rollback");
      return result(rollout.to, rollout.from, true);
    }
    await refuseUnfinished(api, app.name);
    const lease = await acquireLease(api, app.name, { identity: myself(), command: "iapp rollback" });
    try {
      const current = app.running ? currentVersion(app) : null;
      const version = targetOf(app, current, wanted);
      await moveTo(ctx, api, target, app, version.name, current);
      return result(current, version.name, false);
    } finally {
      await lease.release();
    }
  });
}

async function moveTo(
  ctx: Context,
  api: KubeApi,
  target: Target,
  app: ClusterApp,
  to: string,
  from: string | null,
): Promise<void> {
  const tell = (text: string): void =>
    ctx.emit({ code: "rollback.wait", level: "progress", text, data: { progress: { label: text } } });
  const platform = new ClusterPlatform(api, app.name, tell);
  const record = app.versions.find((version) => version.name === to)!;
  try {
    tell(`starting ${to}`);
    const outcome = await platform.start(to);
    if (!outcome.ready) {
      await platform.retire(to).catch(() => undefined);
      throw new OperationError("IAPP_ROLLBACK_FAILED", `${to} ${outcome.failure.reason}`, {
        lines: outcome.failure.lines,
      });
    }
    const place = { repository: repositoryOf(target, app.name), insecure: target.insecure };
    const bundle = await bundleFolder(ctx, await findProject(ctx.cwd), record.bundle, place);
    await askExample(`http://${outcome.endpoint}`, await readExamples(bundle));
    await platform.weights(new Map([[to, 1000]]));
    const at = new Date(ctx.now()).toISOString();
    const text = `${to} gets all requests`;
    await updateApp(
      api,
      app.name,
      (now) => now && noted(now, { at, what: "deployed", version: to, by: myself(), text }),
    );
    if (from !== null) await platform.retire(from);
  } finally {
    await platform.close();
  }
}
