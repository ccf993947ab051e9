import { pause } from "../core/pause.js";
import { eventsOf } from "./await-ready.js";
import { type Cause, type ContainerStatus, causeOf, type PodObject, refusalOf } from "./causes.js";
import type { KubeApi } from "./client/api.js";
import type { KubeObject } from "./client/resources.js";
import { lastLines } from "./logs.js";

interface JobObject extends KubeObject {
  status?: {
    active?: number;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

export type JobEnd =
  | { ended: "complete" | "failed"; reason: string; message: string | undefined; lines: string[] }
  /** It cannot even begin. */
  | { ended: "stuck"; cause: Cause; lines: string[] };

const LOOK_MS = 700;

/** Waits for the end of a Job. `message` is the termination message of the container with which its last pod ended. @param tell what keeps it from running */
export async function awaitJob(api: KubeApi, name: string, tell: (text: string) => void): Promise<JobEnd> {
  let said = "";
  for (;;) {
    const job = await api.get<JobObject>({ apiVersion: "batch/v1", kind: "Job", name });
    const labelSelector = `batch.kubernetes.io/job-name=${name}`;
    const { items } = await api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector });
    const pods = items.sort((a, b) =>
      (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? ""),
    );
    const last = pods.at(-1);
    const end = job.status?.conditions?.find(
      ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
    );
    if (end !== undefined) {
      const ended = last === undefined ? undefined : lastContainer(last);
      const message = ended?.state?.terminated?.message;
      const failed = end.type === "Failed";
      const container = ended?.name ?? "training";
      const lines = failed && last !== undefined ? await lastLines(api, last.metadata.name, container, false) : [];
      const reason = `${end.reason ?? ""}${end.message === undefined ? "" : `: ${end.message}`}`;
      return { ended: failed ? "failed" : "complete", reason, message, lines };
    }
    const cause = await hindrance(api, job, last);
    if (cause?.final === true) {
      const lines = cause.logs === null ? [] : await lastLines(api, last!.metadata.name, cause.logs.container, false);
      return { ended: "stuck", cause, lines };
    }
    if (cause !== null && cause.text !== said) tell(cause.text);
    said = cause?.text ?? said;
    await pause(LOOK_MS, api.signal);
  }
}

/** The container with which a pod has ended: where one that prepares has failed, no other was begun. */
const lastContainer = (pod: PodObject): ContainerStatus | undefined =>
  failedBefore(pod) ?? pod.status?.containerStatuses?.[0];

const failedBefore = ({ status }: PodObject): ContainerStatus | undefined =>
  status?.initContainerStatuses?.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);

/** What keeps a Job's pod from running. A container that has ended is the Job's own business: it may try again. */
async function hindrance(api: KubeApi, job: JobObject, pod: PodObject | undefined): Promise<Cause | null> {
  if (pod === undefined) {
    const events = await eventsOf(api, job);
    return refusalOf(events.filter(({ reason }) => reason === "FailedCreate").map(({ message }) => message ?? ""));
  }
  // For a moment a pod is still pending whose preparing container has failed.
  if (pod.status?.phase !== "Pending" || failedBefore(pod) !== undefined) return null;
  return causeOf(pod, await eventsOf(api, pod));
}
