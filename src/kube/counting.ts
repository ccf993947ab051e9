import { type ClusterApp, currentVersion } from "./app-state.js";
import { apply, MANAGER } from "./apply.js";
import { type KubeApi, referenceOf } from "./client/api.js";
import type { KubeObject, Reference } from "./client/resources.js";
import { names } from "./manifests/index.js";

interface Counted extends KubeObject {
  spec: { replicas?: number };
}

/** Keeps the number while nobody else has set one: a field that its only owner gives up falls back to its default, which is one pod. */
const KEEPER = "iapp-autoscaling";

/**
 * Leaves the number of pods to an autoscaler without changing it: a Deployment that is not there yet is made with `first` pods, then iapp gives
 * the field up (Kubernetes, Server-Side Apply, "Transferring ownership").
 * @param object the Deployment without `spec.replicas`
 */
export async function leaveCount(api: KubeApi, object: KubeObject, first: number): Promise<void> {
  const before = await api.find<Counted>(referenceOf(object));
  const now = before?.spec.replicas ?? 0;
  // An autoscaler leaves what has no pod at all alone.
  const counted = now > 0 ? before! : await apply<Counted>(api, withReplicas(object, first), false, before !== null);
  if (now > 0 && !ownsCount(counted)) return;
  const { apiVersion, kind, metadata } = object;
  const kept = { apiVersion, kind, metadata: { name: metadata.name }, spec: { replicas: counted.spec.replicas } };
  await api.call({
    method: "PATCH",
    path: api.path(referenceOf(object)),
    query: { fieldManager: KEEPER, force: true },
    type: "application/apply-patch+yaml",
    body: kept,
  });
  await apply(api, object);
}

/** Takes the number of pods back from an autoscaler of ours that has just been removed. */
export function takeCount(api: KubeApi, object: KubeObject): Promise<KubeObject> {
  return apply(api, object, false, true);
}

/** How many pods a new version begins with: as many as serve now, within the bounds. */
export async function firstCount(api: KubeApi, app: ClusterApp): Promise<number> {
  const { autoscale } = app.settings;
  if (autoscale == null) return app.settings.replicas;
  const current = currentVersion(app) ?? [...app.desired].sort((a, b) => b.weight - a.weight)[0]?.name;
  const name = current === undefined ? null : names.version(app.name, current);
  const found = name === null ? null : await api.find<Counted>({ apiVersion: "apps/v1", kind: "Deployment", name });
  return Math.min(autoscale.max, Math.max(autoscale.min, found?.spec.replicas ?? 0));
}

export const isAutoscaler = ({ kind }: Pick<Reference, "kind">): boolean => kind === "HorizontalPodAutoscaler";

const withReplicas = (object: KubeObject, replicas: number): KubeObject => {
  const { spec } = object as Counted;
  return { ...object, spec: { replicas, ...spec } } as KubeObject;
};

function ownsCount({ metadata }: KubeObject): boolean {
  const fields = (metadata.managedFields ?? []) as {
    manager: string;
    operation: string;
    fieldsV1?: { "f:spec"?: object };
  }[];
  return fields.some(
    ({ manager, operation, fieldsV1 }) =>
      manager === MANAGER && operation === "Apply" && "f:replicas" in (fieldsV1?.["f:spec"] ?? {}),
  );
}
