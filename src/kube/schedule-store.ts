import { OperationError } from "../core/errors.js";
import type { Stage } from "../rollout/stage.js";
import type { RolloutState } from "../rollout/state.js";
import { MANAGER } from "./apply.js";
import type { KubeApi } from "./client/api.js";
import { isConflict } from "./client/errors.js";
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
  rollout: {
    stages: Stage[];
    bakeMs: number;
    limits: RolloutState["limits"];
    shadow: RolloutState["shadow"];
    sticky: RolloutState["sticky"];
    expect: RolloutState["expect"];
    allowContractChange: boolean;
  };
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

const kind = { apiVersion: "v1", kind: "ConfigMap" };
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
  const found = await api.find<ConfigMapObject>({ ...kind, name: names.schedule(app) });
  return found === null ? null : parse(found);
}

/** Changes the schedule or its runs; who else writes meanwhile is not overwritten. `change` may be called several times; null: leave it. */
export async function updateSchedule(
  api: KubeApi,
  app: string,
  change: (before: Scheduled | null) => Scheduled | null,
): Promise<Scheduled | null> {
  for (;;) {
    const found = await api.find<ConfigMapObject>({ ...kind, name: names.schedule(app) });
    const after = change(found === null ? null : parse(found));
    if (after === null) return null;
    const object: ConfigMapObject = {
      ...kind,
      metadata: {
        ...(found === null ? {} : { resourceVersion: found.metadata.resourceVersion! }),
        name: names.schedule(app),
        labels: labelsOf(app, "schedule"),
      },
      data: {
        [SCHEDULE]: JSON.stringify(after.schedule),
        [RUNS]: JSON.stringify(after.runs.slice(0, KEPT_RUNS)),
      },
    };
    const path = api.path({ ...kind, ...(found === null ? {} : { name: object.metadata.name }) });
    try {
      const method = found === null ? "POST" : "PUT";
      await api.call({ method, path, query: { fieldManager: MANAGER }, body: object, once: true });
      return after;
    } catch (error) {
      // Where only the answer was lost, the same change once more does no harm: it is made from what is there now.
      if (!isConflict(error) && !(error instanceof OperationError && error.retryable)) throw error;
    }
  }
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
