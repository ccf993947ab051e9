import { basename } from "node:path";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { digestOf } from "../../image/digest.js";
import { removeAll } from "../../kube/apply.js";
import { awaitJob, type JobEnd } from "../../kube/await-job.js";
import type { KubeApi } from "../../kube/client/api.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { followLogs } from "../../kube/logs.js";
import { isBucket, names, type TrainingSpec, trainingJob } from "../../kube/manifests/index.js";
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
import { dataMounts, refuseMixed } from "./data.js";
import { repositoryOf, toolImage } from "./images.js";
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
    const { spec, run } = await trainingSpec(ctx, input);
    const job = trainingJob({ ...spec, name: names.training(name, run) });
    const wanted = { layout, target, name, notebook: train.notebook, force: train.force, keep: false };
    return runTraining(ctx, api, job, wanted);
  });
}

/** Pushes the image of a training job and says how it is run. `run` names its content. */
export async function trainingSpec(
  ctx: Context,
  { layout, target, name, train, settings, maxBytes }: ClusterTrainInput,
): Promise<{ spec: Omit<TrainingSpec, "name">; run: string }> {
  const tag = parseReference(`${repositoryOf(target, name)}:training`);
  const data = dataMounts(settings.data ?? [], settings.dataSecret);
  await refuseMixed(layout.root, data);
  const { reference, digest } = await buildTraining(ctx, {
    layout,
    base: target.base,
    platform: { os: "linux", architecture: target.platform === "linux/arm64" ? "arm64" : "amd64" },
    name: tag,
    sinks: [{ kind: "registry", reference: tag }],
    insecure: target.insecure,
    train,
    allowSecrets: false,
    maxBytes,
    without: data.map(({ path }) => path),
  });
  const inside = forPods(target, repositoryOf(target, name));
  const spec = {
    app: name,
    image: forNodes(target, reference),
    args: ["--publish", inside, ...plain(inside, target)],
    ...jobSettings(settings, target),
    pushSecret: target.push_secret,
    data,
    dataImage: data.some(isBucket) ? await toolImage(ctx, layout, target) : null,
    deadline: train.runSeconds ?? 24 * 3600,
  };
  // The same image with other data is another run.
  const run = data.length === 0 ? digest : digestOf(JSON.stringify([digest, data]));
  return { spec, run: run.replace("sha256:", "").slice(0, 8) };
}

export interface RunTraining {
  layout: ProjectLayout;
  target: Target;
  name: string;
  notebook: string;
  /** Although a Job of that name has succeeded. */
  force: boolean;
  /** Leave the Job running when this command is ended: somebody goes on with it. */
  keep: boolean;
}

/** Runs a training Job, or goes on with the one of that name, and fetches the bundle that it has kept. */
export async function runTraining(
  ctx: Context,
  api: KubeApi,
  job: KubeObject,
  { layout, target, name, notebook, force, keep }: RunTraining,
): Promise<Candidate> {
  await begin(api, name, job, force);
  const end = await followed(ctx, api, name, job.metadata.name, keep);
  const bundle = bundleOf(end, basename(notebook));
  const place = { repository: repositoryOf(target, name), insecure: target.insecure };
  const dir = await bundleFolder(ctx, layout, bundle, place);
  return { ...(await fromBundle(dir, bundle, "")), notebook };
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
async function followed(ctx: Context, api: KubeApi, app: string, name: string, keep: boolean): Promise<JobEnd> {
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
    if (ctx.signal.aborted && !keep) {
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
