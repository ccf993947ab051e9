/** Labels of everything that iapp makes; selectors and clean-up go by them. */
export const LABEL = {
  app: "iapp.dev/app",
  version: "iapp.dev/version",
  color: "iapp.dev/color",
  component: "app.kubernetes.io/component",
} as const;

/** Selects pods that serve, as opposed to those of jobs that have ended but can still be looked at. */
export const SERVING = `${LABEL.component} in (router,scoring)`;

/** When a pod was last asked to be replaced: a change of the template is all that a Deployment needs for that. */
export const RESTARTED = "iapp.dev/restarted";

export type Component = "router" | "scoring" | "training" | "driver" | "schedule" | "network" | "state";

/** Names of the objects of an app. An app's name has at most 40 characters on a cluster, so that all of these fit. */
export const names = {
  /** State and inventory. */
  app: (app: string): string => `${app}-app`,
  route: (app: string): string => `${app}-route`,
  rollout: (app: string): string => `${app}-rollout`,
  router: (app: string): string => `${app}-router`,
  /** The way in. */
  service: (app: string): string => app,
  version: (app: string, version: string): string => `${app}-${version}`,
  training: (app: string, run: string): string => `${app}-train-${run}`,
  /** Account of jobs that drive a rollout, and such a job. */
  driver: (app: string): string => `${app}-driver`,
  drive: (app: string, version: string, run: string): string => `${app}-drive-${version}-${run}`,
  /** Everything of the scheduled retraining: its CronJob, settings, account. */
  schedule: (app: string): string => `${app}-retrain`,
};

export const LONGEST_NAME = 40;

export function labelsOf(app: string, component: Component, more: Record<string, string> = {}): Record<string, string> {
  return {
    "app.kubernetes.io/name": app,
    "app.kubernetes.io/managed-by": "iapp",
    [LABEL.component]: component,
    [LABEL.app]: app,
    ...more,
  };
}

/** As a query for lists and watches. */
export function selectorText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}
