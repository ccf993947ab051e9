import { OperationError } from "../core/errors.js";
import type { RolloutPlan } from "../rollout/state.js";
import type { KubeApi } from "./client/api.js";
import { CONFIG_MAP, rewriteConfigMap } from "./config-map.js";
import { labelsOf, names, type PodSource, type TrainingSpec } from "./manifests/index.js";
import type { ConfigMapObject } from "./router-feed.js";

/** Retraining by the clock, as a person has asked for it: everything that a run needs, but no secret. */
export interface Schedule {
  schema: "iapp.schedule/1";
  app: string;
  cron: string;
  time_zone: string | null;
  suspended: boolean;
  /** Path in the project. */
  notebook: string;
  /** What served when the schedule was made: what a person rolls out later is not taken back by it. */
  version: string;
  created: string;
  by: string;
  training: Omit<TrainingSpec, "name">;
  /** iapp's own image, for its runs. */
  image: string;
  /** Where its runs may run, as the app's routers. */
  source: PodSource;
  /** Longest time of one run, in seconds. */
  deadline: number;
  /** A scoring image with the packages of this notebook, as nodes name it: a new model goes onto its layers. */
  template: string;
  rollout: RolloutPlan & { allowContractChange: boolean };
}

export type RunOutcome =
  | "running"
  | "promoted"
  | "rolled-back"
  | "aborted"
  /** The same model as before. */
  | "unchanged"
  /** Not proved, or it would break who calls it. */
  | "refused"
  | "failed"
  /** There was nothing to do it beside, or somebody else was at it. */
  | "skipped";

export interface ScheduleRun {
  /** Name of its Job. */
  id: string;
  /** ISO 8601. */
  began: string;
  ended: string | null;
  outcome: RunOutcome;
  /** The version that was made, where it came to that. */
  version: string | null;
  bundle: string | null;
  text: string;
}

const SCHEDULE = "schedule.json";
const RUNS = "runs.json";
const KEPT_RUNS = 50;

export interface Scheduled {
  schedule: Schedule;
  /** Newest first. */
  runs: ScheduleRun[];
}

/** The app's schedule with what came of it, or null where it has none. */
export async function readSchedule(api: KubeApi, app: string): Promise<Scheduled | null> {
  const found = await api.find<ConfigMapObject>({ ...CONFIG_MAP, name: names.schedule(app) });
  return found === null ? null : parse(found);
}

/** Changes the schedule or its runs; who else writes meanwhile is not overwritten. `change` may be called several times; null: leave it. */
export function updateSchedule(
  api: KubeApi,
  app: string,
  change: (before: Scheduled | null) => Scheduled | null,
): Promise<Scheduled | null> {
  return rewriteConfigMap(api, { name: names.schedule(app), labels: labelsOf(app, "schedule") }, (found) => {
    const after = change(found === null ? null : parse(found));
    if (after === null) return { value: null, data: null };
    const runs = JSON.stringify(after.runs.slice(0, KEPT_RUNS));
    return { value: after, data: { [SCHEDULE]: JSON.stringify(after.schedule), [RUNS]: runs } };
  });
}

/** Notes how a run stands. */
export async function noteRun(api: KubeApi, app: string, run: ScheduleRun): Promise<void> {
  await updateSchedule(api, app, (before) => {
    if (before === null) return null;
    const others = before.runs.filter(({ id }) => id !== run.id);
    return { ...before, runs: [run, ...others].sort((a, b) => b.began.localeCompare(a.began)) };
  });
}

function parse({ metadata, data }: ConfigMapObject): Scheduled {
  const schedule = JSON.parse(data?.[SCHEDULE] ?? "{}") as Schedule;
  if (schedule.schema !== "iapp.schedule/1") {
    throw new OperationError("IAPP_SCHEDULE_STATE", `the ConfigMap ${metadata.name} holds no schedule that is known`, {
      remedy: "Use the version of iapp that made it.",
    });
  }
  return { schedule, runs: JSON.parse(data?.[RUNS] ?? "[]") as ScheduleRun[] };
}
