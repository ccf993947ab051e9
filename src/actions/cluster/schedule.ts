import { relative, sep } from "node:path";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { type ClusterApp, currentVersion } from "../../kube/app-state.js";
import { apply, applyAll, refuseTaken, removeAll } from "../../kube/apply.js";
import type { KubeApi } from "../../kube/client/api.js";
import { KubeError } from "../../kube/client/errors.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { names, scheduleObjects } from "../../kube/manifests/index.js";
import { readSchedule, type Schedule, updateSchedule } from "../../kube/schedule-store.js";
import type { ProjectLayout } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import { digestFile } from "../bundle/digest.js";
import { readBundle } from "../bundle/index.js";
import { givenParameters } from "../rollout/own-source.js";
import type { TrainInput } from "../train/index.js";
import { checkName, onTarget, resolveClusterApp } from "./access.js";
import { bundleFolder } from "./bundles.js";
import { driverSpec } from "./detach.js";
import { repositoryOf, scoringImage, toolImage } from "./images.js";
import type { SettingsInput } from "./settings.js";
import { trainingSpec } from "./train.js";

export interface ScheduleInput {
  layout: ProjectLayout;
  target: Target;
  name: string;
  cron: string;
  timeZone: string | null;
  train: TrainInput;
  settings: SettingsInput;
  rollout: Schedule["rollout"];
  maxBytes: number;
}

/** A rollout without requests waits for a person; the next run waits for it, so that it must end some day. */
const ROLLOUT_SECONDS = 7 * 24 * 3600;

/** Trains an app of a target anew by the clock. Replaces an earlier schedule; what came of that one's runs is kept. */
export function scheduleOnCluster(ctx: Context, input: ScheduleInput): Promise<Schedule> {
  const { layout, target, name } = input;
  checkName(name);
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const { cron, timeZone: time_zone, train } = input;
    const deadline = (train.runSeconds ?? 24 * 3600) + ROLLOUT_SECONDS;
    const { source } = app.settings.router;
    const clock = { app: name, cron, time_zone, suspended: false, deadline, source };
    const draft = objectsOf(target, { ...clock, image: "iapp" });
    await refuseTaken(api, draft);
    // What the cluster would not take is said before anything is built.
    await apply(api, draft.at(-1)!, true).catch(refusedCron);
    const serving = await servingBundle(ctx, input, app);
    const own = input.train.parameters.length > 0 ? input.train.parameters : serving.parameters;
    const { spec: training } = await trainingSpec(ctx, { ...input, train: { ...input.train, parameters: own } });
    const image = await toolImage(ctx, layout, target);
    const schedule: Schedule = {
      schema: "iapp.schedule/1",
      ...clock,
      image,
      notebook: serving.notebook,
      version: serving.version,
      created: new Date(ctx.now()).toISOString(),
      by: myself(),
      training,
      template: await scoringImage(ctx, layout, target, name, serving.bundle),
      rollout: input.rollout,
    };
    await updateSchedule(api, name, (before) => ({ schedule, runs: before?.runs ?? [] }));
    await applyAll(api, objectsOf(target, schedule));
    return schedule;
  });
}

function objectsOf(
  target: Target,
  clock: Omit<Schedule, "schema" | "notebook" | "version" | "created" | "by" | "training" | "template" | "rollout">,
): KubeObject[] {
  const { app, cron, time_zone, suspended, deadline, image, source } = clock;
  const driver = driverSpec(target, { app, image, source }, ["_cluster-retrain", app]);
  return scheduleObjects({ ...driver, cron, timeZone: time_zone, suspended, deadline });
}

function refusedCron(error: unknown): never {
  const said = error instanceof KubeError && error.status === 422 ? error.causes : [];
  const [cause] = said.filter(({ field }) => /schedule|timeZone/.test(field ?? ""));
  if (cause === undefined) throw error;
  const zone = cause.field?.endsWith("timeZone") === true;
  throw new UserError(
    "IAPP_SCHEDULE_TIME",
    `${zone ? "--time-zone" : "--cron"}: ${cause.message ?? "is not understood"}`,
    {
      remedy: zone
        ? "Write a name such as Europe/Berlin."
        : 'Write five fields: minute hour day month weekday, "0 3 * * 1".',
    },
  );
}

/** What serves now: its bundle, and the parameters with which it was trained. Says so where the notebook has been edited since. */
async function servingBundle(
  ctx: Context,
  { layout, target, name, train }: ScheduleInput,
  app: ClusterApp,
): Promise<{ bundle: { dir: string; digest: string }; version: string; notebook: string; parameters: string[] }> {
  const current = app.versions.find((version) => version.name === currentVersion(app));
  if (current === undefined) {
    throw new UserError("IAPP_SCHEDULE_NOTHING", `no version of ${name} has all requests`, {
      remedy: "Wait until its rollout has ended.",
    });
  }
  const place = { repository: repositoryOf(target, name), insecure: target.insecure };
  const dir = await bundleFolder(ctx, layout, current.bundle, place);
  const { lineage } = await readBundle(dir);
  const notebook = relative(layout.root, train.notebook).split(sep).join("/");
  if (lineage.notebook.sha256 !== (await digestFile(train.notebook)).sha256) {
    const text = `${notebook} has been edited since ${current.name} was made from it: the first run rolls the edit out`;
    ctx.emit({ code: "schedule.edited", level: "warn", text });
  }
  const parameters = givenParameters(lineage);
  return { bundle: { dir, digest: current.bundle }, version: current.name, notebook, parameters };
}

/** What a schedule consists of. */
const PARTS = [
  { apiVersion: "batch/v1", kind: "CronJob" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" },
  { apiVersion: "v1", kind: "ServiceAccount" },
  { apiVersion: "v1", kind: "ConfigMap" },
];

/** Ends the schedule; a run that is under way goes on. @returns whether there was one */
export function removeSchedule(
  ctx: Context,
  target: Target,
  wanted: string | undefined,
): Promise<{ name: string; removed: boolean }> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, wanted);
    const name = names.schedule(app.name);
    // The CronJob first: what it starts needs the rest. Its Jobs go with it.
    const removed = await removeAll(
      api,
      app.name,
      PARTS.map((part) => ({ ...part, name })),
    );
    return { name: app.name, removed: removed.length > 0 };
  });
}

/** No run begins until it is resumed. */
export function suspendSchedule(
  ctx: Context,
  target: Target,
  name: string | undefined,
  suspended: boolean,
): Promise<Schedule> {
  return withSchedule(ctx, target, name, async (api, app) => {
    const changed = await updateSchedule(
      api,
      app,
      (one) => one && { ...one, schedule: { ...one.schedule, suspended } },
    );
    await applyAll(api, objectsOf(target, changed!.schedule));
    return changed!.schedule;
  });
}

interface CronJobObject extends KubeObject {
  spec: { jobTemplate: { metadata: object; spec: object } };
  status?: { active?: { name: string }[] };
}

/** Starts a run now, whatever the clock says. Resolves with the name of its Job. */
export function runSchedule(
  ctx: Context,
  target: Target,
  name: string | undefined,
): Promise<{ app: string; id: string }> {
  return withSchedule(ctx, target, name, async (api, app) => {
    const cron = await api.get<CronJobObject>({ apiVersion: "batch/v1", kind: "CronJob", name: names.schedule(app) });
    const active = cron.status?.active?.[0]?.name ?? (await runningNow(api, app));
    if (active !== undefined) {
      throw new OperationError("IAPP_SCHEDULE_BUSY", `${active} is running already`, {
        remedy: `See iapp schedule history ${app}.`,
      });
    }
    const { uid } = cron.metadata;
    const { metadata, spec } = cron.spec.jobTemplate;
    const id = `${names.schedule(app)}-${Math.floor(ctx.now() / 1000).toString(36)}`;
    // Owned by the CronJob, as those that it starts itself: gone with it, and counted against its history.
    const owner = { apiVersion: "batch/v1", kind: "CronJob", name: names.schedule(app), uid, controller: true };
    await api.create({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { ...metadata, name: id, ownerReferences: [owner] },
      spec,
    } as unknown as KubeObject);
    return { app, id };
  });
}

async function runningNow(api: KubeApi, app: string): Promise<string | undefined> {
  const found = await readSchedule(api, app);
  for (const { id, outcome } of found?.runs ?? []) {
    if (outcome !== "running") continue;
    const job = await api.find<KubeObject & { status?: { active?: number } }>({
      apiVersion: "batch/v1",
      kind: "Job",
      name: id,
    });
    if ((job?.status?.active ?? 0) > 0) return id;
  }
  return undefined;
}

export async function withSchedule<T>(
  ctx: Context,
  target: Target,
  name: string | undefined,
  work: (api: KubeApi, app: string) => Promise<T>,
): Promise<T> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    if ((await readSchedule(api, app.name)) !== null) return work(api, app.name);
    throw new UserError("IAPP_SCHEDULE_NONE", `${app.name} has no schedule`, {
      remedy: `Make one: iapp schedule NOTEBOOK --cron "0 3 * * 1" --target ${target.name}`,
    });
  });
}
