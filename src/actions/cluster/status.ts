import type { Context } from "../../core/events.js";
import type { ClusterApp, HistoryEntry } from "../../kube/app-state.js";
import { listApps } from "../../kube/app-store.js";
import { appliedApp, appliedApps } from "../../kube/applied-app.js";
import { eventsOf } from "../../kube/await-ready.js";
import { causeOf, isReady, type PodObject } from "../../kube/causes.js";
import type { KubeApi } from "../../kube/client/api.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { lastLines } from "../../kube/logs.js";
import { type Autoscale, LABEL, names, SERVING, selectorText } from "../../kube/manifests/index.js";
import { routerStatuses } from "../../kube/routers.js";
import type { Target } from "../../project/targets.js";
import type { RouterStatus } from "../../router/server.js";
import type { AppPhase } from "../status/index.js";
import { onTarget, resolveClusterApp, resolveSeenApp } from "./access.js";
import { appUrl } from "./reach.js";
import { type ScheduleView, scheduleView } from "./schedule-view.js";

interface Problem {
  code: string;
  text: string;
  lines: string[];
}

export interface PodsStatus {
  phase: "ready" | "degraded" | "starting" | "failed" | "absent";
  ready: number;
  wanted: number;
  restarts: number;
  problem: Problem | null;
}

export interface ClusterVersionStatus extends PodsStatus {
  name: string;
  color: string;
  weight: number;
  digest: string;
  image: string;
  notebook: string | null;
  created: string;
  /** Answered by this version since the routers started, by class. */
  requests: Record<string, number>;
  in_flight: number;
  /** Where its pods are counted by load: between what, and what keeps it from being done. */
  autoscale: (Autoscale & { problem: string | null }) | null;
}

export interface ClusterStatus {
  schema: "iapp.status/1";
  name: string;
  target: string;
  namespace: string;
  phase: AppPhase;
  url: string | null;
  generation: { wanted: number; applied: number };
  versions: ClusterVersionStatus[];
  router: PodsStatus;
  /** Others have applied its objects: iapp reads them, and changes nothing. */
  applied: boolean;
  /** Retraining by the clock, where it is. */
  schedule: ScheduleView | null;
  history: HistoryEntry[];
}

/** How one app of a target is, or each of them. */
export function clusterStatus(ctx: Context, target: Target, name: string | undefined): Promise<ClusterStatus[]> {
  return onTarget(ctx, target, async (api) => {
    const apps = name === undefined ? await allApps(api) : [await resolveSeenApp(api, target, name)];
    // Says what there is to do when there is nothing.
    if (apps.length === 0) await resolveClusterApp(api, target, undefined);
    return Promise.all(apps.map((app) => statusOf(api, target, app)));
  });
}

async function allApps(api: KubeApi): Promise<ClusterApp[]> {
  const deployed = await listApps(api);
  const applied = await Promise.all((await appliedApps(api, deployed)).map((name) => appliedApp(api, name)));
  return [...deployed, ...applied.filter((app) => app !== null)].sort((a, b) => a.name.localeCompare(b.name));
}

async function statusOf(api: KubeApi, target: Target, app: ClusterApp): Promise<ClusterStatus> {
  const labelSelector = `${selectorText({ [LABEL.app]: app.name })},${SERVING}`;
  const { items } = await api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector });
  const of = (component: string): PodObject[] =>
    items.filter(({ metadata }) => metadata.labels?.[LABEL.component] === component);
  const routers = of("router");
  const statuses = (await routerStatuses(api, routers.filter(isReady))).filter((one) => one !== null);
  const count = (wanted: number): number => (app.running ? wanted : 0);
  const versions = await Promise.all(
    app.desired.map(async ({ name, weight }): Promise<ClusterVersionStatus> => {
      const record = app.versions.find((version) => version.name === name)!;
      const pods = of("scoring").filter(({ metadata }) => metadata.labels?.[LABEL.version] === name);
      const scaled = app.running && app.settings.autoscale != null ? await scaling(api, app, name) : null;
      return {
        name,
        color: record.color,
        weight,
        digest: record.bundle,
        image: record.image,
        notebook: record.notebook,
        created: record.created,
        ...(await podsStatus(api, pods, scaled?.wanted ?? count(app.settings.replicas))),
        requests: summed(statuses, name),
        in_flight: statuses.reduce((sum, one) => sum + (one.counts[name]?.in_flight ?? 0), 0),
        autoscale: scaled === null ? null : { ...app.settings.autoscale!, problem: scaled.problem },
      };
    }),
  );
  const router = await podsStatus(api, routers, count(app.settings.router.replicas));
  const phase = phaseOf(app, versions, router, items.length);
  return {
    schema: "iapp.status/1",
    name: app.name,
    target: target.name,
    namespace: target.namespace,
    phase,
    url: phase === "stopped" ? null : await appUrl(api, app),
    generation: { wanted: app.generation, applied: Math.min(app.generation, ...statuses.map((one) => one.generation)) },
    versions,
    router,
    applied: app.history.length === 0 && app.inventory.length === 0,
    schedule: await scheduleView(api, app.name),
    history: app.history.slice(-10),
  };
}

interface AutoscalerObject extends KubeObject {
  status?: { desiredReplicas?: number; conditions?: { type: string; status: string; message?: string }[] };
}

/** What the autoscaler has decided. */
async function scaling(
  api: KubeApi,
  app: ClusterApp,
  version: string,
): Promise<{ wanted: number; problem: string | null }> {
  const name = names.version(app.name, version);
  const [deployment, found] = await Promise.all([
    api.find<KubeObject & { spec: { replicas?: number } }>({ apiVersion: "apps/v1", kind: "Deployment", name }),
    api.find<AutoscalerObject>({ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", name }),
  ]);
  const inactive = found?.status?.conditions?.find(
    ({ type, status }) => type === "ScalingActive" && status === "False",
  );
  return { wanted: deployment?.spec.replicas ?? app.settings.replicas, problem: inactive?.message ?? null };
}

async function podsStatus(api: KubeApi, pods: readonly PodObject[], wanted: number): Promise<PodsStatus> {
  const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const ready = present.filter(isReady).length;
  const restarts = present
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  const problem =
    ready >= wanted
      ? null
      : await problemOf(
          api,
          present.filter((pod) => !isReady(pod)),
        );
  const phase =
    wanted === 0 && present.length === 0
      ? "absent"
      : ready >= wanted
        ? "ready"
        : ready > 0
          ? "degraded"
          : problem === null
            ? "starting"
            : "failed";
  return { phase, ready, wanted, restarts, problem };
}

async function problemOf(api: KubeApi, pods: readonly PodObject[]): Promise<Problem | null> {
  for (const pod of pods) {
    const cause = causeOf(pod, await eventsOf(api, pod));
    if (cause === null) continue;
    const { logs } = cause;
    const lines = logs === null ? [] : await lastLines(api, pod.metadata.name, logs.container, logs.previous);
    return { code: cause.kind, text: `${pod.metadata.name} ${cause.text}`, lines };
  }
  return null;
}

function phaseOf(
  app: ClusterApp,
  versions: readonly ClusterVersionStatus[],
  router: PodsStatus,
  pods: number,
): AppPhase {
  if (!app.running) return pods === 0 ? "stopped" : "stopping";
  const serving: PodsStatus[] = [...versions.filter(({ weight }) => weight > 0), router];
  if (serving.every(({ phase }) => phase === "ready")) return "ready";
  if (serving.some(({ phase }) => phase === "failed")) return "failed";
  return serving.some(({ phase }) => phase === "degraded") ? "degraded" : "starting";
}

function summed(statuses: readonly RouterStatus[], version: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { counts } of statuses) {
    for (const [kind, number] of Object.entries(counts[version]?.requests ?? {}))
      sums[kind] = (sums[kind] ?? 0) + number;
  }
  return sums;
}
