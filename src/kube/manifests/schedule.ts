import type { KubeObject } from "../client/resources.js";
import { type DriverSpec, driverAccount, driverJobSpec } from "./driver.js";
import { labelsOf, names } from "./names.js";

export interface ScheduleSpec extends DriverSpec {
  /** Five fields, as of cron. */
  cron: string;
  /** `Europe/Berlin`; null: the cluster's own. */
  timeZone: string | null;
  suspended: boolean;
  /** Longest time of one run, in seconds: training and rollout together. */
  deadline: number;
}

/** A run that could not begin in time (the control plane was away) is left out after this. */
const LATEST_START_SECONDS = 3600;
const KEPT_JOBS = 3;

/** Retraining by the clock: an account with what its runs need, and a CronJob. Never two runs at once. */
export function scheduleObjects(spec: ScheduleSpec): KubeObject[] {
  const name = names.schedule(spec.app);
  const labels = labelsOf(spec.app, "schedule");
  return [
    ...driverAccount(spec.app, name, "schedule", true),
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name, labels },
      spec: {
        schedule: spec.cron,
        ...(spec.timeZone === null ? {} : { timeZone: spec.timeZone }),
        suspend: spec.suspended,
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: LATEST_START_SECONDS,
        successfulJobsHistoryLimit: KEPT_JOBS,
        failedJobsHistoryLimit: KEPT_JOBS,
        jobTemplate: { metadata: { labels }, spec: driverJobSpec(spec, name, "schedule", spec.deadline) },
      },
    } as KubeObject,
  ];
}
