import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { quoted } from "../../core/quoted.js";
import { type ClusterApp, currentVersion, noted } from "../../kube/app-state.js";
import { readApp, updateApp } from "../../kube/app-store.js";
import type { KubeApi } from "../../kube/client/api.js";
import { acquireLease, type Lease, peekLease } from "../../kube/lease.js";
import { ClusterPlatform } from "../../kube/platform.js";
import { ClusterRolloutStore, readRollout, refuseUnfinished } from "../../kube/rollout-store.js";
import type { ProjectLayout } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import { drive } from "../../rollout/driver.js";
import type { RolloutState } from "../../rollout/state.js";
import type { Candidate } from "../deploy/candidate.js";
import {
  nothingToRollOut,
  plannedRollout,
  type RolloutInput,
  type RolloutOutcome,
  refuseBreaks,
} from "../rollout/start.js";
import { surroundings, warmUp } from "../rollout/telling.js";
import { onTarget } from "./access.js";
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
