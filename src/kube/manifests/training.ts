import type { KubeObject } from "../client/resources.js";
import { DATA, type DataMount, dataContainers, dataVolumes, WORK } from "./data.js";
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
  data: DataMount[];
  /** iapp's own image, for data from buckets; null where there are none. */
  dataImage: string | null;
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
  const data = dataVolumes(spec.data);
  const initContainers = dataContainers(spec.data, spec.dataImage, REPORT_PATH);
  const containerNames = [...(initContainers.length === 0 ? [] : [DATA]), "training"];
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
          ...containerNames.map((containerName) => ({
            action: "FailJob",
            onExitCodes: { containerName, operator: "In", values: FINAL_CODES },
          })),
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
          volumes: [{ name: "work", emptyDir: {} }, temporaryFolder, ...loginVolume(pushSecret), ...data.volumes],
          ...(initContainers.length === 0 ? {} : { initContainers }),
          containers: [
            {
              name: "training",
              image: spec.image,
              args: spec.args,
              env: [
                ...spec.env,
                { name: "IAPP_REPORT", value: REPORT_PATH },
                ...(pushSecret === null ? [] : [{ name: "DOCKER_CONFIG", value: "/login" }]),
                ...data.env,
              ],
              ...(envFrom.length === 0 ? {} : { envFrom }),
              resources: resourcesOf(spec.resources),
              securityContext: CONTAINER_SECURITY,
              volumeMounts: [
                { name: "work", mountPath: WORK },
                temporaryMount,
                ...loginMount(pushSecret),
                ...data.mounts,
              ],
              terminationMessagePath: REPORT_PATH,
            },
          ],
        },
      },
    },
  } as KubeObject;
}

/** The login of a registry, where the tools that read `DOCKER_CONFIG` look for it. */
export function loginVolume(secret: string | null): object[] {
  const items = [{ key: ".dockerconfigjson", path: "config.json" }];
  return secret === null ? [] : [{ name: "login", secret: { secretName: secret, items } }];
}

export function loginMount(secret: string | null): object[] {
  return secret === null ? [] : [{ name: "login", mountPath: "/login", readOnly: true }];
}
