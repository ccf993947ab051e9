import { pause } from "../core/pause.js";
import { type Cause, causeOf, type EventObject, isReady, type PodObject, refusalOf } from "./causes.js";
import type { KubeApi } from "./client/api.js";
import type { KubeObject } from "./client/resources.js";
import { lastLines } from "./logs.js";

interface DeploymentObject extends KubeObject {
  spec: { replicas?: number; selector: { matchLabels: Record<string, string> } };
  status?: {
    observedGeneration?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    replicas?: number;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

export type Readiness =
  | { ready: true; pods: PodObject[] }
  | { ready: false; cause: Cause; pod: string | null; lines: string[] };

const LOOK_MS = 400;
/** Events are asked for only when something takes a while. */
const PATIENT_MS = 1500;
/** What may yet come right by itself is waited for as long as this. */
const LIMIT_MS = 10 * 60_000;

/**
 * Waits until all pods of a Deployment are those of its present template, and ready; or until there is a cause for which waiting longer
 * will not help. @param tell what it waits for, whenever that has changed
 */
export async function awaitReady(api: KubeApi, name: string, tell: (text: string) => void): Promise<Readiness> {
  const began = performance.now();
  let said = "";
  const say = (text: string): void => {
    if (text !== said) tell(text);
    said = text;
  };
  for (;;) {
    const deployment = await api.get<DeploymentObject>({ apiVersion: "apps/v1", kind: "Deployment", name });
    const wanted = deployment.spec.replicas ?? 1;
    const pods = await podsOf(api, deployment);
    const ready = pods.filter(isReady);
    const { status = {} } = deployment;
    const current = status.observedGeneration === deployment.metadata.generation;
    const done = (status.updatedReplicas ?? 0) >= wanted && (status.replicas ?? 0) === (status.updatedReplicas ?? 0);
    if (current && done && ready.length >= wanted) return { ready: true, pods: ready };
    const waited = performance.now() - began;
    const found = await findCause(api, deployment, pods, waited > PATIENT_MS);
    if (found !== null) {
      const { cause, pod } = found;
      if (cause.final || waited > LIMIT_MS) {
        const lines =
          cause.logs === null || pod === null
            ? []
            : await lastLines(api, pod, cause.logs.container, cause.logs.previous);
        return { ready: false, cause, pod, lines };
      }
      say(cause.text);
    } else say(`${ready.length} of ${wanted} pods are ready`);
    await pause(LOOK_MS, api.signal);
  }
}

async function podsOf(api: KubeApi, { spec }: DeploymentObject): Promise<PodObject[]> {
  const labelSelector = Object.entries(spec.selector.matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  return (await api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector })).items;
}

async function findCause(
  api: KubeApi,
  deployment: DeploymentObject,
  pods: readonly PodObject[],
  withEvents: boolean,
): Promise<{ cause: Cause; pod: string | null } | null> {
  const refused = deployment.status?.conditions?.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  if (refused?.message !== undefined && withEvents) {
    const cause = refusalOf([refused.message]);
    if (cause !== null) return { cause, pod: null };
  }
  // The newest first: pods of an older template may end for their own reasons.
  const newest = [...pods].sort((a, b) =>
    (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? ""),
  );
  for (const pod of newest) {
    const events = withEvents && !isReady(pod) ? await eventsOf(api, pod) : [];
    const cause = causeOf(pod, events);
    if (cause !== null) return { cause, pod: pod.metadata.name };
  }
  return null;
}

/** Events of one object, oldest first. None where they may not be read. */
export async function eventsOf(api: KubeApi, { metadata }: KubeObject): Promise<EventObject[]> {
  const fieldSelector = `involvedObject.uid=${metadata.uid ?? ""}`;
  const kind = { apiVersion: "v1", kind: "Event" };
  const list = await api.list<EventObject>(kind, { fieldSelector, limit: 200 }).catch(() => ({ items: [] }));
  const time = (event: EventObject): string =>
    event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "";
  return list.items.sort((a, b) => time(a).localeCompare(time(b)));
}
