import { basename } from "node:path";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { removeAll } from "../../kube/apply.js";
import { awaitJob, type JobEnd } from "../../kube/await-job.js";
import type { KubeApi } from "../../kube/client/api.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { followLogs } from "../../kube/logs.js";
import { names, trainingJob } from "../../kube/manifests/index.js";
import type { ProjectLayout } from "../../project/layout.js";
import { forNodes, forPods, type Target } from "../../project/targets.js";
import { buildTraining, parseReference } from "../build/index.js";
import type { Candidate } from "../deploy/candidate.js";
import { fromBundle } from "../deploy/candidate.js";
import { eventOf } from "../job/lines.js";
import { errorOf, readReport } from "../job/report.js";
import type { TrainInput } from "../train/index.js";
import { onTarget } from "./access.js";
import { bundleFolder } from "./bundles.js";
import { repositoryOf } from "./images.js";
import { jobSettings, type SettingsInput } from "./settings.js";

export interface ClusterTrainInput {
  layout: ProjectLayout;
  target: Target;
  /** Name of the app. */
  name: string;
  train: TrainInput;
  settings: SettingsInput;
  maxBytes: number;
}

const CLEAN_UP_MS = 30_000;

/**
 * Trains on a cluster: the project goes there in an image, a Job runs and proves it, and keeps the bundle beside the app's images. What a Job
 * of the very same image has begun or ended is gone on with, not done again.
 */
export function trainOnCluster(ctx: Context, input: ClusterTrainInput): Promise<Candidate> {
  const { layout, target, name, train } = input;
  return onTarget(ctx, target, async (api) => {
    const tag = parseReference(`${repositoryOf(target, name)}:training`);
    const { reference, digest } = await buildTraining(ctx, {
      layout,
      base: target.base,
      platform: { os: "linux", architecture: target.platform === "linux/arm64" ? "arm64" : "amd64" },
      name: tag,
      sinks: [{ kind: "registry", reference: tag }],
      insecure: target.insecure,
      train,
      allowSecrets: false,
      maxBytes: input.maxBytes,
    });
    const inside = forPods(target, repositoryOf(target, name));
    const job = trainingJob({
      app: name,
      name: names.training(name, digest.replace("sha256:", "").slice(0, 8)),
      image: forNodes(target, reference),
      args: ["--publish", inside, ...plain(inside, target)],
      ...jobSettings(input.settings, target),
      pushSecret: target.push_secret,
      deadline: train.runSeconds ?? 24 * 3600,
    });
    await begin(api, name, job, train.force);
    const end = await followed(ctx, api, name, job.metadata.name);
    const bundle = bundleOf(end, basename(train.notebook));
    const place = { repository: repositoryOf(target, name), insecure: target.insecure };
    const dir = await bundleFolder(ctx, layout, bundle, place);
    return { ...(await fromBundle(dir, bundle, "")), notebook: train.notebook };
  });
}

/** Registries with a name of the cluster's own have no certificate that anybody knows. */
function plain(repository: string, { registry_for_pods, insecure }: Target): string[] {
  const { registry } = parseReference(repository);
  return registry_for_pods !== null || insecure.includes(registry) ? ["--insecure", registry] : [];
}

/** Starts the Job unless there is one already that runs or has succeeded. */
async function begin(api: KubeApi, app: string, job: KubeObject, force: boolean): Promise<void> {
  const ref = { apiVersion: "batch/v1", kind: "Job", name: job.metadata.name };
  const found = await api.find<
    KubeObject & { status?: { failed?: number; conditions?: { type: string; status: string }[] } }
  >(ref);
  const failed = found?.status?.conditions?.some(({ type, status }) => type === "Failed" && status === "True") === true;
  if (found !== null && !failed && !force) return;
  if (found !== null) {
    await removeAll(api, app, [ref]);
    while ((await api.find(ref)) !== null) await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await api.create(job);
}

/** Waits for the Job with its log as progress. Ctrl-C ends the Job too: nobody would wait for it any more. */
async function followed(ctx: Context, api: KubeApi, app: string, name: string): Promise<JobEnd> {
  const over = new AbortController();
  const signal = AbortSignal.any([ctx.signal, over.signal]);
  const following = followLogs(
    api,
    {
      selector: `batch.kubernetes.io/job-name=${name}`,
      line: ({ text }) => {
        const event = eventOf(text);
        if (event !== null) ctx.emit(event);
      },
      say: (text) => ctx.emit({ code: "train.log", level: "debug", text }),
    },
    signal,
  ).catch(() => undefined);
  const tell = (text: string): void => ctx.emit({ code: "train.wait", level: "progress", text: `the job ${text}` });
  try {
    return await awaitJob(api, name, tell);
  } catch (error) {
    if (ctx.signal.aborted) {
      const cleaner = api.with(AbortSignal.timeout(CLEAN_UP_MS));
      await removeAll(cleaner, app, [{ apiVersion: "batch/v1", kind: "Job", name }]).catch(() => undefined);
    }
    throw error;
  } finally {
    over.abort();
    await following;
  }
}

function bundleOf(end: JobEnd, notebook: string): string {
  if (end.ended === "stuck") {
    throw new OperationError("IAPP_TRAIN_JOB", `the training job ${end.cause.text}`, {
      lines: end.lines,
      remedy: end.cause.remedy,
    });
  }
  const report = readReport(end.message);
  if (report?.error != null) throw errorOf(report.error);
  if (end.ended === "complete" && report?.bundle != null) return report.bundle;
  throw new OperationError("IAPP_TRAIN_JOB", `the training job of ${notebook} failed: ${end.reason}`, {
    lines: end.lines,
    remedy: "Its last lines say more; with too little memory give it more with --train-memory.",
  });
}
