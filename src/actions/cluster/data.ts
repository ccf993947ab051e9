import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { UserError } from "../../core/errors.js";
import type { DataMount } from "../../kube/manifests/index.js";

/**
 * What a training job finds under which path of the project: `pvc:CLAIM[:/FOLDER]=PATH`.
 * @throws UserError naming what is wrong
 */
export function dataMounts(texts: readonly string[]): DataMount[] {
  const mounts = texts.map(dataMount);
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

function dataMount(text: string): DataMount {
  const at = text.lastIndexOf("=");
  const [source, given] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  if (/^(s3|gs|az|https?):\/\//.test(source)) {
    throw new UserError("IAPP_CLI_DATA", `--data ${source} is not in the cluster`, {
      remedy:
        "Let the notebook read it there itself, with the credentials of --env-from secret/NAME, or mount a claim: --data pvc:CLAIM=PATH",
    });
  }
  const [, claim, folder] = /^pvc:([a-z0-9][a-z0-9.-]*)(?::\/(.*))?$/.exec(source) ?? [];
  const path = posix.normalize(given).replace(/\/+$/, "");
  if (claim === undefined || given === "" || path === "." || path.startsWith("..") || posix.isAbsolute(path)) {
    throw new UserError("IAPP_CLI_DATA", `--data ${text} does not say what is put where`, {
      remedy: "Write pvc:CLAIM=data, or pvc:CLAIM:/FOLDER=data; the path is relative to the project.",
    });
  }
  const subPath = (folder ?? "").replace(/^\/+|\/+$/g, "");
  return { claim, subPath: subPath === "" ? null : subPath, path };
}
