import { setTimeout as sleep } from "node:timers/promises";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { readApp } from "../../kube/app-store.js";
import { removeAll } from "../../kube/apply.js";
import type { KubeApi } from "../../kube/client/api.js";
import { KubeError } from "../../kube/client/errors.js";
import type { KubeObject, Reference } from "../../kube/client/resources.js";
import { acquireLease } from "../../kube/lease.js";
import { LABEL, selectorText } from "../../kube/manifests/index.js";
import { sameObject, stateObjects } from "../../kube/objects.js";
import type { Target } from "../../project/targets.js";
import { onTarget, resolveClusterApp } from "./access.js";

/** Kinds that may be an app's: what a command has made and was killed before it could note it is found by its label. */
const KINDS: Omit<Reference, "name">[] = [
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "batch/v1", kind: "CronJob" },
  { apiVersion: "batch/v1", kind: "Job" },
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget" },
  { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" },
  { apiVersion: "v1", kind: "ServiceAccount" },
  { apiVersion: "v1", kind: "ConfigMap" },
];

const OPTIONAL = ["NetworkPolicy", "HorizontalPodAutoscaler"];

/** What deleting an app would remove. */
export function planClusterDelete(
  ctx: Context,
  target: Target,
  name: string | undefined,
): Promise<{ name: string; objects: Reference[] }> {
  return onTarget(ctx, target, async (api) => {
    // A name of which only a training job is left is no app, but can be deleted.
    const left = name === undefined ? [] : await present(api, await objectsOf(api, name));
    if (name !== undefined && left.length > 0) return { name, objects: left };
    const app = await resolveClusterApp(api, target, name);
    return { name: app.name, objects: await present(api, await objectsOf(api, app.name)) };
  });
}

async function present(api: KubeApi, objects: readonly Reference[]): Promise<Reference[]> {
  const there = await Promise.all(objects.map((ref) => api.find<KubeObject>(ref)));
  return objects.filter((_, i) => there[i] !== null);
}

/** Removes an app from a target under its lease. */
export function deleteOnCluster(ctx: Context, target: Target, name: string): Promise<Reference[]> {
  return onTarget(ctx, target, async (api) => {
    const lease = await acquireLease(api, name, { identity: myself(), command: `iapp delete ${name}` });
    // The lease itself is among what is removed: nothing is left to give back.
    const removed = await removeApp(api, name).catch(async (error: unknown) => {
      await lease.release();
      throw error;
    });
    lease.forget();
    return removed;
  });
}

const GONE_MS = 90_000;

/** Everything of an app that is there now, in the order in which it is removed: what describes it comes last. */
export async function objectsOf(api: KubeApi, name: string): Promise<Reference[]> {
  const app = await readApp(api, name);
  const query = { labelSelector: selectorText({ [LABEL.app]: name, "app.kubernetes.io/managed-by": "iapp" }) };
  const found = await Promise.all(
    KINDS.map(async (kind) => {
      const { items } = await api.list<KubeObject>(kind, query).catch((error: unknown) => {
        // Who may not look at what is only there when asked for has not made it; what is noted is removed in any case.
        if (OPTIONAL.includes(kind.kind) && error instanceof KubeError && error.status === 403) return { items: [] };
        throw error;
      });
      return items.map(({ metadata }): Reference => ({ ...kind, name: metadata.name }));
    }),
  );
  const last = stateObjects(name);
  const all = [...found.flat(), ...(app?.inventory ?? [])];
  const first = all.filter((ref, i) => all.findIndex((other) => sameObject(ref, other)) === i);
  const present = first.filter((ref) => !last.some((one) => sameObject(one, ref)));
  return [...present, ...last];
}

/** Removes an app and waits until its pods are gone. Repeating it does no harm. Resolves with what was removed. */
export async function removeApp(api: KubeApi, name: string): Promise<Reference[]> {
  const objects = await objectsOf(api, name);
  const state = stateObjects(name);
  const isState = (ref: Reference): boolean => state.some((one) => sameObject(one, ref));
  const changes = await removeAll(
    api,
    name,
    objects.filter((ref) => !isState(ref)),
  );
  await endPods(api, name);
  // Only now: until everything else is gone the state says that there is something to delete.
  changes.push(...(await removeAll(api, name, state)));
  return changes.map(({ object }) => object);
}

/** Nobody is to be served any more: pods need not wait for anything. */
async function endPods(api: KubeApi, name: string): Promise<void> {
  const pod = { apiVersion: "v1", kind: "Pod" };
  const query = { labelSelector: selectorText({ [LABEL.app]: name, "app.kubernetes.io/managed-by": "iapp" }) };
  const deadline = performance.now() + GONE_MS;
  for (;;) {
    const { items } = await api.list<KubeObject>(pod, query);
    if (items.length === 0) return;
    if (performance.now() > deadline) {
      const names = items.map(({ metadata }) => metadata.name).join(", ");
      throw new OperationError("IAPP_KUBE_PODS_STAY", `pods do not end: ${names}`, {
        remedy: "Does their node still answer? Delete the app again when it does.",
      });
    }
    for (const { metadata } of items) await api.remove({ ...pod, name: metadata.name }, { graceSeconds: 1 });
    await sleep(500, undefined, { signal: api.signal });
  }
}
