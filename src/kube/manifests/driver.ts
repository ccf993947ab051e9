import { PLACES } from "../../core/places.js";
import type { KubeObject } from "../client/resources.js";
import { accountObjects, type Rule } from "./account.js";
import { type Component, labelsOf, names } from "./names.js";
import {
  CONTAINER_SECURITY,
  type EnvSource,
  POD_SECURITY,
  type PodSource,
  placed,
  resourcesOf,
  temporaryFolder,
  temporaryMount,
} from "./pod.js";
import { loginMount, loginVolume } from "./training.js";

export interface DriverSpec {
  app: string;
  /** iapp's own image. */
  image: string;
  /** Of iapp's command line. */
  args: string[];
  env: EnvSource[];
  source: PodSource;
  /** Secret with the login of the registry that the driver reads bundles from and pushes images to. */
  pushSecret: string | null;
}

/** Exit code of a driver whose work another pod may go on with. All others that are not 0 end its Job. */
export const TRY_AGAIN = 75;
/** What driver commands end with when another pod would do the same: failed, refused, rolled back, aborted. */
const FINAL_CODES = [1, 2, 3, 5];
const RETRIES = 6;
/** An ended job can be looked at this long. */
const KEPT_SECONDS = 24 * 3600;

/**
 * What a driver may do: read and write the documents of its own app, make and remove versions, look at pods. Not more: no Secret, no account,
 * no Role. Names of versions are not known beforehand, so that those kinds cannot be limited by name.
 */
function driverRules(app: string, trains: boolean): Rule[] {
  const documents = [names.app(app), names.route(app), names.rollout(app), names.schedule(app)];
  const make = ["get", "create", "patch", "delete"];
  return [
    { apiGroups: [""], resources: ["configmaps"], resourceNames: documents, verbs: ["get", "update", "patch"] },
    { apiGroups: [""], resources: ["configmaps"], verbs: ["create"] },
    {
      apiGroups: ["coordination.k8s.io"],
      resources: ["leases"],
      resourceNames: [app],
      verbs: ["get", "update"],
    },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
    { apiGroups: [""], resources: ["services"], verbs: make },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: make },
    { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: make },
    { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: make },
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
    { apiGroups: [""], resources: ["pods/log", "pods/proxy"], verbs: ["get"] },
    { apiGroups: [""], resources: ["pods/portforward"], verbs: ["get", "create"] },
    { apiGroups: [""], resources: ["events"], verbs: ["list"] },
    ...(trains ? [{ apiGroups: ["batch"], resources: ["jobs"], verbs: ["get", "create", "delete"] }] : []),
  ];
}

/** The account of a driver, its Role and what binds them. @param trains it starts training jobs, too */
export function driverAccount(app: string, name: string, component: Component, trains: boolean): KubeObject[] {
  return accountObjects(name, labelsOf(app, component), driverRules(app, trains));
}

/** Drives a rollout to its end: gone on with in another pod when its node is lost. */
export function driverJob(spec: DriverSpec, name: string, deadline: number): KubeObject {
  const labels = labelsOf(spec.app, "driver");
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels },
    spec: driverJobSpec(spec, names.driver(spec.app), "driver", deadline),
  } as KubeObject;
}

/** @param deadline longest time of all tries together, in seconds */
export function driverJobSpec(spec: DriverSpec, account: string, component: Component, deadline: number): object {
  const { app, pushSecret } = spec;
  return {
    backoffLimit: RETRIES,
    activeDeadlineSeconds: deadline,
    ttlSecondsAfterFinished: KEPT_SECONDS,
    podFailurePolicy: {
      rules: [
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        { action: "FailJob", onExitCodes: { containerName: "driver", operator: "In", values: FINAL_CODES } },
      ],
    },
    template: {
      metadata: { labels: labelsOf(app, component) },
      spec: {
        ...placed(spec.source),
        restartPolicy: "Never",
        serviceAccountName: account,
        automountServiceAccountToken: true,
        enableServiceLinks: false,
        securityContext: POD_SECURITY,
        terminationGracePeriodSeconds: 30,
        volumes: [{ name: "work", emptyDir: {} }, temporaryFolder, ...loginVolume(pushSecret)],
        containers: [
          {
            name: "driver",
            image: spec.image,
            args: spec.args,
            env: [
              { name: "IAPP_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
              {
                name: "IAPP_JOB",
                valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
              },
              ...spec.env,
              ...(pushSecret === null ? [] : [{ name: "DOCKER_CONFIG", value: "/login" }]),
            ],
            resources: resourcesOf({ cpu: "50m", memory: "192Mi", memoryLimit: "1Gi" }),
            securityContext: CONTAINER_SECURITY,
            volumeMounts: [{ name: "work", mountPath: `/${PLACES.work}` }, temporaryMount, ...loginMount(pushSecret)],
            terminationMessagePolicy: "FallbackToLogsOnError",
          },
        ],
      },
    },
  };
}
