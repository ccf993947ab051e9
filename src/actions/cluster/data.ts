import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { UserError } from "../../core/errors.js";
import { type BucketMount, type ClaimMount, type DataMount, isBucket } from "../../kube/manifests/index.js";

/**
 * What a training job finds under which path of the project: `pvc:CLAIM[:/FOLDER]=PATH`, `s3://BUCKET[/PREFIX]=PATH`.
 * @param secret the Secret with the credentials of the buckets
 * @throws UserError naming what is wrong
 */
export function dataMounts(texts: readonly string[], secret?: string): DataMount[] {
  if (secret !== undefined && !(secret.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(secret))) {
    throw new UserError("IAPP_CLI_DATA_SECRET", `--data-secret ${secret} is not the name of a Secret`, {
      remedy: "Write the name alone: --data-secret lake",
    });
  }
  const mounts = texts.map((text) => dataMount(text, secret));
  if (secret !== undefined && !mounts.some(isBucket)) {
    throw new UserError("IAPP_CLI_DATA_SECRET", "--data-secret is for data of a bucket, and none is named", {
      remedy: "Name it, too: --data s3://BUCKET/PREFIX=data",
    });
  }
  const paths = mounts.map(({ path }) => path);
  const inside = (a: string, b: string): boolean => a !== b && `${a}/`.startsWith(`${b}/`);
  const clash = paths.find((a, i) => paths.some((b, j) => i !== j && (a === b || inside(a, b))));
  if (clash === undefined) return mounts;
  throw new UserError("IAPP_CLI_DATA", `two --data are put at ${clash}`, {
    remedy: "Give each a path of its own, none inside of another one.",
  });
}

/**
 * A node makes the folders above a mount as root, and the job, which is nobody, could put none of the project's own files into them.
 * @throws UserError where it would have to
 */
export async function refuseMixed(root: string, mounts: readonly DataMount[]): Promise<void> {
  for (const { path } of mounts) {
    const parent = posix.dirname(path);
    if (parent === ".") continue;
    const others = (await readdir(join(root, parent)).catch(() => [])).filter((name) => name !== posix.basename(path));
    if (others.length === 0) continue;
    throw new UserError("IAPP_CLI_DATA", `--data cannot be put at ${path}: the project has other files in ${parent}`, {
      lines: others.slice(0, 5),
      remedy: "Put it into a folder of its own directly below the project.",
    });
  }
}

function dataMount(text: string, secret: string | undefined): DataMount {
  const at = text.lastIndexOf("=");
  const [source, given] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  if (source.startsWith("s3://")) return bucketMount(source, projectPath(given), text, secret);
  if (/^(gs|az|https?):\/\//.test(source)) {
    throw new UserError("IAPP_CLI_DATA", `--data ${source} is not in the cluster, and no bucket that speaks S3`, {
      remedy:
        "Let the notebook read it there itself, with the credentials of --env-from secret/NAME, or name a claim or a bucket: --data pvc:CLAIM=PATH, --data s3://BUCKET/PREFIX=PATH",
    });
  }
  return claimMount(source, projectPath(given), text);
}

function claimMount(source: string, path: string | null, text: string): ClaimMount {
  const [, claim, folder] = /^pvc:([a-z0-9][a-z0-9.-]*)(?::\/(.*))?$/.exec(source) ?? [];
  if (claim === undefined || path === null) {
    throw unclear(
      text,
      "Write pvc:CLAIM=data, pvc:CLAIM:/FOLDER=data or s3://BUCKET/PREFIX=data; the path is relative to the project.",
    );
  }
  const subPath = (folder ?? "").replace(/^\/+|\/+$/g, "");
  return { claim, subPath: subPath === "" ? null : subPath, path };
}

function bucketMount(source: string, path: string | null, text: string, secret: string | undefined): BucketMount {
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]*)(?:\/(.*?)\/?)?$/s.exec(source) ?? [];
  if (path === null) {
    throw unclear(text, "Write s3://BUCKET/PREFIX=data; the path is relative to the project.");
  }
  if (!isBucketName(bucket)) {
    throw unclear(text, `${JSON.stringify(bucket)} cannot be the name of a bucket. Write s3://BUCKET/PREFIX=data.`);
  }
  if (prefix !== "" && prefix.split("/").some((part) => /^\.{0,2}$/.test(part) || /[\\\x00-\x1f\x7f]/.test(part))) {
    throw unclear(text, "The prefix is one of folders: a/b, without empty parts, dots and backslashes.");
  }
  if (secret === undefined) {
    throw new UserError("IAPP_CLI_DATA_SECRET", `it is not said with which credentials --data ${source} is read`, {
      remedy:
        "Name the Secret of the namespace that holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: --data-secret NAME",
    });
  }
  return { bucket, prefix, secret, path };
}

/** As S3 has it: 3 to 63 of small letters, digits, dots and hyphens, no address. */
const isBucketName = (text: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text) && !/\.\.|\.-|-\./.test(text) && !/^(\d+\.){3}\d+$/.test(text);

/** Null where it is none inside of the project, or one at which nothing can be mounted. */
function projectPath(given: string): string | null {
  const path = posix.normalize(given).replace(/\/+$/, "");
  const wrong = given === "" || path === "." || path.startsWith("..") || posix.isAbsolute(path) || path.includes(":");
  return wrong ? null : path;
}

const unclear = (text: string, remedy: string): UserError =>
  new UserError("IAPP_CLI_DATA", `--data ${text} does not say what is put where`, { remedy });
