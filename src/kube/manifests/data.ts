import { PLACES } from "../../core/places.js";
import { CONTAINER_SECURITY, type EnvSource, resourcesOf, temporaryMount } from "./pod.js";

/** A claim, or a folder of it, that the notebook finds under a path of the project. Read only: it is the data of others, too. */
export interface ClaimMount {
  claim: string;
  /** Folder inside of the claim, or null: all of it. */
  subPath: string | null;
  /** Relative to the project. */
  path: string;
}

/** What a bucket holds below a prefix, copied to a path of the project before the notebook runs. */
export interface BucketMount {
  bucket: string;
  /** Without slashes at its ends; empty: the whole bucket. */
  prefix: string;
  /** Secret with its credentials: one for all buckets of a job. */
  secret: string;
  path: string;
}

/** Told apart by what they name: schedules keep them as JSON, and those of before there were buckets hold claims. */
export type DataMount = ClaimMount | BucketMount;

export const isBucket = (mount: DataMount): mount is BucketMount => "bucket" in mount;

/** A bucket's part as people write it: `s3://BUCKET/PREFIX`. */
export const bucketText = ({ bucket, prefix }: Pick<BucketMount, "bucket" | "prefix">): string =>
  `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;

/** Name of the container that copies what lies in buckets. */
export const DATA = "data";

/** Where the job finds the project. */
export const WORK = `/${PLACES.work}`;

/** A claim of which several folders are wanted is one volume; what comes from a bucket has a volume of its own, gone with the pod. */
export function dataVolumes(data: readonly DataMount[]): { volumes: object[]; mounts: object[]; env: EnvSource[] } {
  const claims = [...new Set(data.flatMap((mount) => (isBucket(mount) ? [] : [mount.claim])))];
  const volumes = [
    ...claims.map((claimName, i) => ({
      name: `data-${i}`,
      persistentVolumeClaim: { claimName, readOnly: true },
    })),
    ...bucketMounts(data).map(({ name }) => ({ name, emptyDir: {} })),
  ];
  const mounts = [
    ...data.flatMap((mount) => (isBucket(mount) ? [] : [claimMount(mount, claims)])),
    ...bucketMounts(data).map((mount) => ({ ...mount, readOnly: true })),
  ];
  // The job puts the project there, but not into these.
  const env = data.length === 0 ? [] : [{ name: "IAPP_MOUNTED", value: data.map(({ path }) => path).join(":") }];
  return { volumes, mounts, env };
}

const claimMount = ({ claim, subPath, path }: ClaimMount, claims: readonly string[]): object => ({
  name: `data-${claims.indexOf(claim)}`,
  mountPath: `${WORK}/${path}`,
  readOnly: true,
  ...(subPath === null ? {} : { subPath }),
});

const bucketMounts = (data: readonly DataMount[]): { name: string; mountPath: string }[] =>
  data.filter(isBucket).map(({ path }, i) => ({ name: `bucket-${i}`, mountPath: `${WORK}/${path}` }));

/**
 * The container that copies what lies in buckets before the notebook runs, where there are any. It alone is given the Secret: the notebook,
 * which is other people's code, never sees it. @param image iapp's own
 */
export function dataContainers(data: readonly DataMount[], image: string | null, reportPath: string): object[] {
  const buckets = data.filter(isBucket);
  if (buckets.length === 0) return [];
  const { secret } = buckets[0]!;
  return [
    {
      name: DATA,
      image,
      args: [
        "_cluster-data",
        "--secret",
        secret,
        ...buckets.map((mount) => literal(`${bucketText(mount)}=${mount.path}`)),
      ],
      env: [
        { name: "IAPP_REPORT", value: reportPath },
        // Amazon's library tells each log which Node its later versions will want.
        { name: "NODE_NO_WARNINGS", value: "1" },
      ],
      envFrom: [{ secretRef: { name: secret } }],
      resources: resourcesOf({ cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" }),
      securityContext: CONTAINER_SECURITY,
      volumeMounts: [...bucketMounts(data), temporaryMount],
      terminationMessagePath: reportPath,
    },
  ];
}

/** Kubernetes would put a variable, of the Secret even, in the place of `$(NAME)`. */
const literal = (text: string): string => text.split("$(").join("$$(");
