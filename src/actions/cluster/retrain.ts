import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { type ClusterApp, type ClusterVersion, currentVersion } from "../../kube/app-state.js";
import { readApp } from "../../kube/app-store.js";
import type { KubeApi } from "../../kube/client/api.js";
import { names, trainingJob } from "../../kube/manifests/index.js";
import { readRollout } from "../../kube/rollout-store.js";
import { noteRun, type RunOutcome, readSchedule, type Schedule, type ScheduleRun } from "../../kube/schedule-store.js";
import { findProject, type ProjectLayout } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import { isOver, type RolloutState } from "../../rollout/state.js";
import type { Candidate } from "../deploy/candidate.js";
import { onTarget } from "./access.js";
import { leaseAfter, targetInside } from "./detach.js";
import { scoringImageFrom } from "./images.js";
import { driveOn, startClusterRollout } from "./rollout.js";
import { runTraining } from "./train.js";

type Result = Pick<ScheduleRun, "outcome" | "text"> & Partial<Pick<ScheduleRun, "version" | "bundle">>;

interface Run {
  ctx: Context;
  api: KubeApi;
  target: Target;
  layout: ProjectLayout;
  schedule: Schedule;
  /** Name of the Job. */
  id: string;
  /** The run as it is noted so far. */
  noted: ScheduleRun;
}

/**
 * One run of a schedule, in a pod of its Job: trains in a Job beside it (whose pod has no rights), and rolls the result out as a person
 * would. Whatever comes of it is noted; only what another pod may go on with is thrown.
 */
export function retrainInside(ctx: Context, app: string): Promise<ScheduleRun> {
  const target = targetInside(ctx);
  const id = ctx.env.IAPP_JOB ?? "by-hand";
  return onTarget(ctx, target, async (api) => {
    const found = await readSchedule(api, app);
    if (found === null) throw new UserError("IAPP_SCHEDULE_NONE", `${app} has no schedule any more`);
    const began = found.runs.find((run) => run.id === id)?.began ?? new Date(api.now()).toISOString();
    const nothing = { id, began, ended: null, version: null, bundle: null };
    const noted: ScheduleRun = { ...nothing, outcome: "running", text: "training" };
    await noteRun(api, app, noted);
    const run = { ctx, api, target, layout: await findProject(ctx.cwd), schedule: found.schedule, id, noted };
    const result = await (isOurs(await readRollout(api, app), id) ? goOn(run) : retrain(run)).catch(outcomeOf);
    const ended: ScheduleRun = { ...nothing, ended: new Date(api.now()).toISOString(), ...result };
    await noteRun(api, app, ended);
    ctx.emit({ code: "schedule.run", level: "info", text: `${ended.outcome}: ${ended.text}` });
    return ended;
  });
}

/** A rollout that an earlier pod of this Job has begun. */
const isOurs = (rollout: RolloutState | null, id: string): boolean =>
  rollout !== null && !isOver(rollout) && rollout.by.includes(`@${id}-`);

async function goOn({ ctx, api, target, layout, schedule, id }: Run): Promise<Result> {
  const lease = await leaseAfter(ctx, api, schedule.app, `iapp schedule (${id})`);
  try {
    return rolledOut(await driveOn(ctx, api, target, layout, schedule.app, lease));
  } finally {
    await lease.release();
  }
}

async function retrain(run: Run): Promise<Result> {
  const { ctx, api, target, layout, schedule, id } = run;
  const { app: name } = schedule;
  const app = await readApp(api, name);
  const current = app?.versions.find((version) => version.name === currentVersion(app));
  if (app === null || current === undefined || !app.running) {
    return { outcome: "skipped", text: `${name} does not serve: there is nothing to roll out beside` };
  }
  if (await isNewer(run, current)) {
    const text = `${current.name} was rolled out after the schedule had been made, beside ${schedule.version}: schedule it anew`;
    return { outcome: "skipped", text };
  }
  const job = trainingJob({ ...schedule.training, name: names.training(name, id.split("-").at(-1)!) });
  const { notebook } = schedule;
  const wanted = { layout, target, name, notebook, force: false, keep: true };
  const candidate = await runTraining(ctx, api, job, wanted);
  const known = alreadyKnown(app, candidate);
  if (known !== null) return known;
  await noteRun(api, name, { ...run.noted, text: "proved, and being rolled out" });
  const outcome = await startClusterRollout(
    ctx,
    target,
    {
      layout,
      name,
      source: notebook,
      prepare: async () => candidate,
      ...schedule.rollout,
      detach: false,
    },
    {
      router: async ({ settings }) => settings.router.image,
      scoring: (bundle) => scoringImageFrom(ctx, layout, target, name, bundle, schedule.template),
    },
  );
  const { digest } = candidate.bundle;
  if (outcome.kind !== "ended") return { outcome: "unchanged", text: `${current.name} serves this already` };
  return { ...rolledOut(outcome.state), bundle: digest };
}

/** Did a person roll something out since? What this schedule has made itself is no reason to stop. */
async function isNewer({ api, schedule }: Run, current: ClusterVersion): Promise<boolean> {
  const number = (version: string): number => Number(version.slice(1));
  if (number(current.name) <= number(schedule.version)) return false;
  const runs = (await readSchedule(api, schedule.app))?.runs ?? [];
  return !runs.some(({ version }) => version === current.name);
}

/** Is there nothing to roll out? A model that has served or failed before is not tried again until something has changed. */
function alreadyKnown(app: ClusterApp, { bundle }: Candidate): Result | null {
  const same = app.versions.filter((version) => version.bundle === bundle.digest).at(-1);
  if (same === undefined) return null;
  const serves = same.name === currentVersion(app);
  const text = serves ? `${same.name} serves this already` : `the same as ${same.name}, which does not serve any more`;
  return { outcome: "unchanged", text, bundle: bundle.digest };
}

function rolledOut(state: RolloutState): Result {
  const outcome = state.phase as RunOutcome;
  const why = state.verdict?.reason ?? "";
  const text = outcome === "promoted" ? `${state.to} gets all requests` : `${state.from} serves on: ${why}`;
  return { outcome, text, version: state.to };
}

/** What ends a run for good. Everything else is another pod's to try again. */
function outcomeOf(error: unknown): Result {
  const held = error instanceof OperationError && error.code === "IAPP_KUBE_LEASE";
  if (held || (error instanceof UserError && error.code === "IAPP_ROLLOUT_UNDER_WAY")) {
    return { outcome: "skipped", text: (error as Error).message };
  }
  const said = (found: UserError | OperationError): string =>
    [found.where === undefined ? found.message : `${found.where}: ${found.message}`, found.lines.at(-1) ?? ""]
      .filter((part) => part !== "")
      .join(": ");
  if (error instanceof UserError) return { outcome: "refused", text: said(error) };
  if (error instanceof OperationError && !error.retryable) {
    const unequal = error.code === "IAPP_DEPLOY_UNEQUAL" || error.code === "IAPP_DEPLOY_NOT_PROVED";
    return { outcome: unequal ? "refused" : "failed", text: said(error) };
  }
  throw error;
}

/** How a run's Job ends: failed where somebody should look. */
export const RUN_CODES: Record<RunOutcome, number> = {
  running: 1,
  promoted: 0,
  unchanged: 0,
  skipped: 0,
  failed: 1,
  refused: 2,
  "rolled-back": 3,
  aborted: 5,
};
