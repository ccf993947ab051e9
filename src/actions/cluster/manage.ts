import { setTimeout as sleep } from "node:timers/promises";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { type ClusterApp, type HistoryEntry, noted } from "../../kube/app-state.js";
import { updateApp } from "../../kube/app-store.js";
import { awaitReady } from "../../kube/await-ready.js";
import type { KubeApi } from "../../kube/client/api.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { acquireLease } from "../../kube/lease.js";
import { type Autoscale, LABEL, names, SERVING, selectorText } from "../../kube/manifests/index.js";
import { ClusterPlatform } from "../../kube/platform.js";
import { refuseUnfinished } from "../../kube/rollout-store.js";
import type { Target } from "../../project/targets.js";
import { onTarget, resolveClusterApp } from "./access.js";
import { appUrl } from "./reach.js";
import { countedByLoad } from "./settings.js";

/** New pods of the same version take over one by one; no request is lost. Also starts an app that was stopped. */
export function restartOnCluster(
  ctx: Context,
  target: Target,
  name: string | undefined,
): Promise<{ name: string; versions: string[]; ran: boolean; url: string }> {
  return changed(ctx, target, name, "restart", async (api, app) => {
    const restarted = new Date(ctx.now()).toISOString();
    const after = await settle(ctx, api, app.name, "restarted", (before) => ({ ...before, running: true, restarted }));
    return { name: app.name, versions: versionsOf(after), ran: app.running, url: await appUrl(api, after) };
  });
}

export interface Scale {
  /** A number of pods, or null where they are counted by load. */
  replicas: number | null;
  autoscale: Autoscale | null;
  /** A number, although they are counted by load so far. */
  fixed: boolean;
}

/** As many pods of each version as were asked for. */
export function scaleOnCluster(
  ctx: Context,
  target: Target,
  name: string | undefined,
  { replicas, autoscale, fixed }: Scale,
): Promise<{ name: string; from: number | Autoscale; to: number | Autoscale }> {
  return changed(ctx, target, name, "scale", async (api, app) => {
    const before = app.settings.autoscale ?? null;
    if (before !== null && autoscale === null && !fixed) throw countedByLoad(app.name, before);
    const to = autoscale ?? replicas ?? app.settings.replicas;
    await settle(ctx, api, app.name, "scaled", (now) => {
      const { replicas: count, autoscale: _before, ...rest } = now.settings;
      const settings = { replicas: replicas ?? count, ...(autoscale === null ? {} : { autoscale }), ...rest };
      return { ...now, settings };
    });
    return { name: app.name, from: before ?? app.settings.replicas, to };
  });
}

/** No pods any more; everything else stays, so that `restart` brings it back as it was. */
export function stopOnCluster(
  ctx: Context,
  target: Target,
  name: string | undefined,
): Promise<{ name: string; changed: boolean }> {
  return changed(ctx, target, name, "stop", async (api, app) => {
    if (!app.running) return { name: app.name, changed: false };
    const after = await note(ctx, api, app.name, "stopped", (before) => ({ ...before, running: false }));
    await new ClusterPlatform(api, app.name, () => undefined).reconcile(after);
    await gone(api, app.name);
    return { name: app.name, changed: true };
  });
}

async function changed<T>(
  ctx: Context,
  target: Target,
  name: string | undefined,
  verb: string,
  work: (api: KubeApi, app: ClusterApp) => Promise<T>,
): Promise<T> {
  return onTarget(ctx, target, async (api) => {
    const { name: found } = await resolveClusterApp(api, target, name);
    const lease = await acquireLease(api, found, { identity: myself(), command: `iapp ${verb} ${found}` });
    try {
      await refuseUnfinished(api, found);
      return await work(api, await resolveClusterApp(api, target, found));
    } finally {
      await lease.release();
    }
  });
}

/** Changes what is wanted and waits until it is so. */
async function settle(
  ctx: Context,
  api: KubeApi,
  name: string,
  what: HistoryEntry["what"],
  change: (before: ClusterApp) => ClusterApp,
): Promise<ClusterApp> {
  const after = await note(ctx, api, name, what, change);
  const tell = (text: string): void =>
    ctx.emit({ code: "cluster.wait", level: "progress", text, data: { app: name, progress: { label: text } } });
  await new ClusterPlatform(api, name, tell).reconcile(after);
  for (const deployment of [...versionsOf(after).map((version) => names.version(name, version)), names.router(name)]) {
    const outcome = await awaitReady(api, deployment, tell);
    if (outcome.ready) continue;
    throw new OperationError("IAPP_KUBE_NOT_READY", `${deployment} ${outcome.cause.text}`, {
      lines: outcome.lines,
      remedy: outcome.cause.remedy,
    });
  }
  return after;
}

async function note(
  ctx: Context,
  api: KubeApi,
  name: string,
  what: HistoryEntry["what"],
  change: (before: ClusterApp) => ClusterApp,
): Promise<ClusterApp> {
  const at = new Date(ctx.now()).toISOString();
  const by = myself();
  const after = await updateApp(api, name, (before) =>
    before === null ? null : noted(change(before), { at, what, version: null, by, text: `${what} by ${by}` }),
  );
  if (after === null) throw new OperationError("IAPP_KUBE_APP_GONE", `${name} has been deleted`);
  return after;
}

const versionsOf = (app: ClusterApp): string[] => app.desired.map((one) => one.name);

async function gone(api: KubeApi, name: string): Promise<void> {
  // Jobs that have ended keep their pods for a while, and serve nobody.
  const labelSelector = `${selectorText({ [LABEL.app]: name })},${SERVING}`;
  for (;;) {
    const { items } = await api.list<KubeObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector });
    if (items.length === 0) return;
    await sleep(500, undefined, { signal: api.signal });
  }
}
