import type { KubeObject } from "./client/resources.js";

/** The parts of a pod that tell how it is. */
export interface PodObject extends KubeObject {
  spec: {
    nodeName?: string;
    containers: { name: string; image: string }[];
    initContainers?: { name: string; image: string }[];
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    podIP?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

export interface ContainerStatus {
  name: string;
  containerID?: string;
  ready: boolean;
  restartCount: number;
  state?: ContainerState;
  lastState?: ContainerState;
}

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    reason?: string;
    message?: string;
    exitCode: number;
    signal?: number;
    containerID?: string;
    startedAt?: string;
    finishedAt?: string;
  };
}

export interface EventObject extends KubeObject {
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  lastTimestamp?: string;
  eventTime?: string;
  involvedObject: { kind: string; name: string; uid?: string };
}

/** Why something does not come up: one sentence and what to do. */
export interface Cause {
  /** Stable: `image`, `pull-secret`, `config`, `crash`, `memory`, `unschedulable`, `quota`, `admission`, `probe`, `evicted`. */
  kind: string;
  text: string;
  remedy: string;
  /** Waiting longer will not help. */
  final: boolean;
  /** The container's own last words are worth showing. */
  logs: { container: string; previous: boolean } | null;
}

/** Failed start-up probes, one a second, that are nothing to talk of. */
const STARTING_PROBES = 20;

export const isReady = (pod: PodObject): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

/** What keeps a pod from being ready, or null while nothing is wrong. Pure: reads the pod and its events as they were fetched. */
export function causeOf(pod: PodObject, events: readonly EventObject[]): Cause | null {
  if (pod.metadata.deletionTimestamp !== undefined) return null;
  if (pod.status?.reason === "Evicted") {
    return {
      kind: "evicted",
      text: `was evicted: ${pod.status.message ?? "its node is short of something"}`,
      remedy: "Ask for less, or give the node more.",
      final: false,
      logs: null,
    };
  }
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of statuses) {
    const cause = ofContainer(status, pod, events);
    if (cause !== null) return cause;
  }
  return unscheduled(pod) ?? stuck(events) ?? unready(pod, statuses, events);
}

function ofContainer(status: ContainerStatus, pod: PodObject, events: readonly EventObject[]): Cause | null {
  const waiting = status.state?.waiting;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const image = containers.find(({ name }) => name === status.name)?.image ?? "its image";
  if (waiting?.reason === "ErrImagePull" || waiting?.reason === "ImagePullBackOff") {
    return imageCause(image, pullMessage(events) ?? waiting.message ?? "");
  }
  if (waiting?.reason === "InvalidImageName") return imageCause(image, waiting.message ?? "");
  if (waiting?.reason === "CreateContainerConfigError" || waiting?.reason === "CreateContainerError") {
    const words = waiting.message ?? "";
    const missing = /(secret|configmap) "([^"]+)" not found/.exec(words);
    return {
      kind: "config",
      text: missing === null ? `cannot be made: ${words}` : `needs the ${missing[1]} ${missing[2]}, which is not there`,
      remedy:
        missing === null ? "See the words of the node above." : `Make it in the namespace; iapp goes on by itself.`,
      final: true,
      logs: null,
    };
  }
  const ended = status.state?.terminated ?? (status.ready ? undefined : status.lastState?.terminated);
  if (ended === undefined || (ended.exitCode === 0 && ended.reason === "Completed")) return null;
  const previous = status.state?.terminated === undefined;
  const logs = { container: status.name, previous };
  if (ended.reason === "OOMKilled" || (ended.exitCode === 137 && oomEvent(events))) {
    return {
      kind: "memory",
      text: "was killed because it needs more memory than its limit",
      remedy: "Give it more with --memory.",
      final: true,
      logs,
    };
  }
  const how = ended.signal ? `by signal ${ended.signal}` : `with exit code ${ended.exitCode}`;
  return {
    kind: "crash",
    text: ended.reason === "StartError" ? `cannot be started: ${ended.message ?? ""}` : `ended ${how}`,
    remedy: "Its last lines say why; `iapp logs` has more.",
    final: true,
    logs,
  };
}

function imageCause(image: string, words: string): Cause {
  // Names, ports and digests may hold any number: what is said is what is left without them.
  const said = words.replace(/"[^"]*"|https?:\/\/\S+|sha256:[0-9a-f]+|\S+:\d+\S*/g, " ");
  const denied = /unauthorized|authentication required|denied|\b403\b|no basic auth/i.test(said);
  const missing = /not found|manifest unknown|\b404\b|does not exist/i.test(said);
  const shortWords = words.replace(/\s+/g, " ").slice(-300);
  return {
    kind: denied && !missing ? "pull-secret" : "image",
    text: missing
      ? `its image is not in the registry (${image})`
      : denied
        ? `the node may not pull its image (${image})`
        : `its image cannot be pulled (${image}): ${shortWords}`,
    remedy: denied
      ? "Name a Secret with the registry's credentials: iapp target add ... --pull-secret NAME"
      : "Does the cluster reach the registry under that name? See `iapp target add --registry-inside`.",
    // A registry that does not answer may come back; the name of an image that is not there does not.
    final: missing || denied,
    logs: null,
  };
}

/** The last words on a pull. `Error: ImagePullBackOff` is an event, too, the newest one at times, and tells nothing. */
const pullMessage = (events: readonly EventObject[]): string | null => {
  const told = ({ reason, message = "" }: EventObject): boolean =>
    reason === "Failed" && /pull/i.test(message) && !message.startsWith("Error: ");
  return events.filter(told).at(-1)?.message ?? null;
};

const oomEvent = (events: readonly EventObject[]): boolean => events.some(({ reason }) => reason === "OOMKilling");

function unscheduled(pod: PodObject): Cause | null {
  const condition = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (condition?.reason !== "Unschedulable") return null;
  return {
    kind: "unschedulable",
    text: `fits no node: ${condition.message ?? ""}`,
    remedy: "Ask for less (--cpu, --memory), or give the cluster more nodes.",
    // An autoscaler of nodes may be at work.
    final: false,
    logs: null,
  };
}

function stuck(events: readonly EventObject[]): Cause | null {
  const failed = events.filter(({ reason }) => reason === "FailedMount" || reason === "FailedCreatePodSandBox").at(-1);
  if (failed === undefined) return null;
  const text = `waits for something that its node cannot give it: ${failed.message ?? ""}`;
  return { kind: "config", text, remedy: "See the words of the node above.", final: false, logs: null };
}

function unready(pod: PodObject, statuses: readonly ContainerStatus[], events: readonly EventObject[]): Cause | null {
  const probing = events.filter(({ reason, message, count = 1 }) => {
    // Every start fails its first probes.
    return reason === "Unhealthy" && (count > STARTING_PROBES || !/^Startup probe/.test(message ?? ""));
  });
  const last = probing.at(-1);
  if (last === undefined || isReady(pod)) return null;
  const container = statuses.find(({ ready }) => !ready)?.name ?? pod.spec.containers[0]!.name;
  return {
    kind: "probe",
    text: `is not ready: ${last.message ?? ""}`,
    remedy: "Its last lines say more; see `iapp logs`.",
    final: false,
    logs: { container, previous: false },
  };
}

/** Why a workload has no pod at all: a quota, a policy, a webhook; from the events of its ReplicaSets, or its own conditions. */
export function refusalOf(messages: readonly string[]): Cause | null {
  const last = messages.at(-1);
  if (last === undefined) return null;
  const quota = /exceeded quota: ([^,]+), requested: ([^,]+(?:,[^,]+)*?), used: (.+?), limited: (.+)$/.exec(last);
  if (quota !== null) {
    return {
      kind: "quota",
      text: `the quota ${quota[1]} does not allow it: ${quota[2]} asked for, ${quota[3]} used, ${quota[4]} allowed`,
      remedy: "Ask for less (--replicas, --cpu, --memory), or have the quota raised.",
      final: true,
      logs: null,
    };
  }
  if (/must specify|failed quota/.test(last)) {
    const remedy = "Ask for limits with --memory and --cpu as the quota wants them.";
    return { kind: "quota", text: `the namespace's quota does not allow it: ${last}`, remedy, final: true, logs: null };
  }
  const security = /violates PodSecurity "([^"]+)": (.+)$/.exec(last);
  if (security !== null) {
    const text = `the namespace's Pod Security level ${security[1]} does not allow it: ${security[2]}`;
    const remedy = "Use another namespace, or have its level changed.";
    return { kind: "admission", text, remedy, final: true, logs: null };
  }
  const text = `the cluster refuses its pods: ${last}`;
  return { kind: "admission", text, remedy: "See the cluster's own words above.", final: true, logs: null };
}
