import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { pause } from "../../core/pause.js";
import { listApps } from "../../kube/app-store.js";
import type { KubeApi } from "../../kube/client/api.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { readSchedule, type Schedule, type ScheduleRun } from "../../kube/schedule-store.js";
import type { Target } from "../../project/targets.js";
import { onTarget } from "./access.js";
import { withSchedule } from "./schedule.js";

export type { ScheduleRun } from "../../kube/schedule-store.js";

export interface ScheduleView extends Pick<Schedule, "app" | "cron" | "time_zone" | "suspended" | "created" | "by"> {
  notebook: string;
  /** The newest run, or null where there was none. */
  last: ScheduleRun | null;
}

/** All schedules of a target. */
export function listSchedules(ctx: Context, target: Target): Promise<ScheduleView[]> {
  return onTarget(ctx, target, async (api) => {
    const apps = await listApps(api);
    const views = await Promise.all(apps.map(({ name }) => scheduleView(api, name)));
    return views.filter((view) => view !== null);
  });
}

export async function scheduleView(api: KubeApi, app: string): Promise<ScheduleView | null> {
  const found = await readSchedule(api, app);
  if (found === null) return null;
  const { cron, time_zone, suspended, created, by, notebook } = found.schedule;
  return { app, cron, time_zone, suspended, created, by, notebook, last: found.runs[0] ?? null };
}

/** What came of the runs, newest first. */
export function scheduleHistory(
  ctx: Context,
  target: Target,
  name: string | undefined,
): Promise<{ app: string; runs: ScheduleRun[] }> {
  return withSchedule(ctx, target, name, async (api, app) => ({
    app,
    runs: (await readSchedule(api, app))?.runs ?? [],
  }));
}

const LOOK_MS = 1000;

/** Waits until a run is over. @throws OperationError where its Job has ended without a word */
export function awaitRun(ctx: Context, target: Target, app: string, id: string): Promise<ScheduleRun> {
  return withSchedule(ctx, target, app, async (api) => {
    let said = "";
    for (;;) {
      const ended = await hasEnded(api, id);
      const run = (await readSchedule(api, app))?.runs.find((one) => one.id === id);
      if (run !== undefined && run.ended !== null) return run;
      if (ended !== null) throw new OperationError("IAPP_SCHEDULE_RUN", `${id} ended without a result: ${ended}`);
      const text = run === undefined ? `waiting for ${id} to begin` : `${id}: ${run.text}`;
      if (text !== said) ctx.emit({ code: "schedule.wait", level: "progress", text });
      said = text;
      await pause(LOOK_MS, ctx.signal);
    }
  });
}

/** Why the Job has ended, or null while it goes on. */
async function hasEnded(api: KubeApi, name: string): Promise<string | null> {
  const job = await api.find<
    KubeObject & { status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] } }
  >({ apiVersion: "batch/v1", kind: "Job", name });
  if (job === null) return "it is gone";
  const end = job.status?.conditions?.find(
    ({ type, status }) => (type === "Failed" || type === "Complete") && status === "True",
  );
  return end === undefined ? null : `${end.reason ?? end.type}: ${end.message ?? ""}`;
}
