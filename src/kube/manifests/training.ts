import type { KubeObject } from "../client/resources.js";
import { labelsOf } from "./names.js";
import {
  CONTAINER_SECURITY,
  type EnvSource,
  POD_SECURITY,
  type PodSource,
  placed,
  type Resources,
  resourcesOf,
  temporaryFolder,
  temporaryMount,
} from "./pod.js";

export interface TrainingSpec {
  app: string;
  /** Name of the Job: made of what it trains, so that a second command finds the first one's. */
  name: string;
  image: string;
  /** Behind those of the image. */
  args: string[];
  resources: Resources;
  env: EnvSource[];
  envFrom: { secret?: string; configMap?: string }[];
  source: PodSource;
  /** Secret with the login of the registry to which the bundle goes. */
  pushSecret: string | null;
  /** Longest time for all tries, in seconds. */
  deadline: number;
}

export const REPORT_PATH = "/dev/termination-log";
/** An ended job can be looked at this long. */
const KEPT_SECONDS = 3600;
/** What an iapp command ends with when trying again would give the same: failed, and refused. */
const FINAL_CODES = [1, 2];

/** One training run as a Job: tried again when its node is lost, never when the notebook itself fails. */
export function trainingJob(spec: TrainingSpec): KubeObject {
  const labels = labelsOf(spec.app, "training");
  const { pushSecret } = spec;
  const envFrom = spec.envFrom.map(({ secret, configMap }) =>
    secret === undefined ? { configMapRef: { name: configMap } } : { secretRef: { name: secret } },
  );
  const login = {
    name: "login",
    secret: { secretName: pushSecret, items: [{ key: ".dockerconfigjson", path: "config.json" }] },
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: spec.name, labels },
    spec: {
      backoffLimit: 3,
      activeDeadlineSeconds: spec.deadline,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          { action: "FailJob", onExitCodes: { containerName: "training", operator: "In", values: FINAL_CODES } },
        ],
      },
      template: {
        metadata: { labels },
        spec: {
          ...placed(spec.source),
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: POD_SECURITY,
          volumes: [{ name: "work", emptyDir: {} }, temporaryFolder, ...(pushSecret === null ? [] : [login])],
          containers: [
            {
              name: "training",
              image: spec.image,
              args: spec.args,
              env: [
                ...spec.env,
                { name: "IAPP_REPORT", value: REPORT_PATH },
                ...(pushSecret === null ? [] : [{ name: "DOCKER_CONFIG", value: "/login" }]),
              ],
              ...(envFrom.length === 0 ? {} : { envFrom }),
              resources: resourcesOf(spec.resources),
              securityContext: CONTAINER_SECURITY,
              volumeMounts: [
                { name: "work", mountPath: "/work" },
                temporaryMount,
                ...(pushSecret === null ? [] : [{ name: "login", mountPath: "/login", readOnly: true }]),
              ],
              terminationMessagePath: REPORT_PATH,
            },
          ],
        },
      },
    },
  } as KubeObject;
}
