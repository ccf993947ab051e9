import { PLACES } from "../../core/places.js";
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

/** A claim, or a folder of it, that the notebook finds under a path of the project. Read only: it is the data of others, too. */
export interface DataMount {
  claim: string;
  /** Folder inside of the claim, or null: all of it. */
  subPath: string | null;
  /** Relative to the project. */
  path: string;
}

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
  /** Longest time for all tries, in seconds. */
  deadline: number;
}

export const REPORT_PATH = "/dev/termination-log";
/** An ended job can be looked at this long. */
const KEPT_SECONDS = 3600;
/** What an iapp command ends with when trying again would give the same: failed, and refused. */
const FINAL_CODES = [1, 2];
/** Where the job finds the project. */
const WORK = `/${PLACES.work}`;

/** One training run as a Job: tried again when its node is lost, never when the notebook itself fails. */
export function trainingJob(spec: TrainingSpec): KubeObject {
  const labels = labelsOf(spec.app, "training");
  const { pushSecret } = spec;
  const envFrom = spec.envFrom.map(({ secret, configMap }) =>
    secret === undefined ? { configMapRef: { name: configMap } } : { secretRef: { name: secret } },
  );
  const data = dataVolumes(spec.data);
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
          volumes: [{ name: "work", emptyDir: {} }, temporaryFolder, ...loginVolume(pushSecret), ...data.volumes],
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

/** A claim of which several folders are wanted is one volume. */
function dataVolumes(data: readonly DataMount[]): { volumes: object[]; mounts: object[]; env: EnvSource[] } {
  const claims = [...new Set(data.map(({ claim }) => claim))];
  const volumes = claims.map((claimName, i) => ({
    name: `data-${i}`,
    persistentVolumeClaim: { claimName, readOnly: true },
  }));
  const mounts = data.map(({ claim, subPath, path }) => ({
    name: `data-${claims.indexOf(claim)}`,
    mountPath: `${WORK}/${path}`,
    readOnly: true,
    ...(subPath === null ? {} : { subPath }),
  }));
  // The job puts the project there, but not into these.
  const env = data.length === 0 ? [] : [{ name: "IAPP_MOUNTED", value: data.map(({ path }) => path).join(":") }];
  return { volumes, mounts, env };
}
