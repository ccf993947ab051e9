import type { RouterEvidence } from "../core/evidence.js";
import type { RouterStatus } from "../router/server.js";
import { isReady, type PodObject } from "./causes.js";
import type { KubeApi } from "./client/api.js";
import { LABEL, ROUTER_ADMIN_PORT, selectorText } from "./manifests/index.js";

/** Router pods that get requests now. */
export async function routerPods(api: KubeApi, app: string): Promise<PodObject[]> {
  const labelSelector = selectorText({ [LABEL.app]: app, [LABEL.component]: "router" });
  const { items } = await api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector });
  return items.filter(isReady);
}

/** What each router says of itself; null for one that does not answer. */
export function routerStatuses(api: KubeApi, pods: readonly PodObject[]): Promise<(RouterStatus | null)[]> {
  return Promise.all(pods.map((pod) => ask<RouterStatus>(api, pod, "/-/iapp/router")));
}

export async function routerEvidences(api: KubeApi, pods: readonly PodObject[]): Promise<RouterEvidence[]> {
  const all = await Promise.all(pods.map((pod) => ask<RouterEvidence>(api, pod, "/-/iapp/evidence")));
  return all.filter((one) => one !== null);
}

/** Through the API server's proxy: the admin port is reached from nowhere else. */
async function ask<T>(api: KubeApi, { metadata }: PodObject, path: string): Promise<T | null> {
  const pod = `${metadata.name}:${ROUTER_ADMIN_PORT}`;
  const base = `/api/v1/namespaces/${encodeURIComponent(api.namespace)}/pods/${encodeURIComponent(pod)}/proxy`;
  try {
    return await api.call<T>({ method: "GET", path: `${base}${path}`, patienceMs: 0 });
  } catch {
    return null;
  }
}
