import { stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/errors.js";
import { packageRoot, packageVersion } from "../../core/package-root.js";
import { PLACES, USER } from "../../core/places.js";
import type { Layer, LayerCache } from "../../image/layer.js";
import { canonicalJson } from "../../image/media.js";
import type { TarEntry } from "../../image/tar-stream.js";
import { treeEntries } from "../../image/tree.js";
import type { TargetPlatform } from "../../project/environment/target.js";
import { digestFile } from "../bundle/digest.js";

/** The running `node`: what a base image without one is given. It fits only the platform that it runs on. */
export async function nodeLayer(cache: LayerCache, platform: TargetPlatform): Promise<Layer> {
  const here = `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`;
  if (here !== `${platform.os}/${platform.architecture}`) {
    throw new UserError(
      "IAPP_BUILD_NODE",
      `this machine's Node is for ${here}, the image for ${platform.os}/${platform.architecture}`,
      {
        remedy: "Build training images on a machine of the same kind, or give a base image that has Node.",
      },
    );
  }
  const { sha256, bytes } = await digestFile(process.execPath);
  const entry: TarEntry = {
    path: "usr/local/bin/node",
    type: "file",
    executable: true,
    content: { file: process.execPath, size: bytes },
  };
  return cache.build([entry], `Node ${process.versions.node}`, canonicalJson(["node", sha256]));
}

/** The command line itself, as `npm pack` would ship it; its bundle needs no other package. */
export async function cliLayer(cache: LayerCache): Promise<Layer> {
  const root = packageRoot();
  const entries: TarEntry[] = [];
  for (const folder of ["bin", "dist", "templates", "src/runtime/iapp_runtime"]) {
    entries.push(
      ...(await treeEntries(join(root, folder), {
        prefix: `${PLACES.cli}/${folder}`,
        skip: (path) => path.includes("__pycache__"),
      })),
    );
  }
  const manifest = join(root, "package.json");
  const { size } = await stat(manifest);
  entries.push({ path: `${PLACES.cli}/package.json`, type: "file", content: { file: manifest, size } });
  return cache.build(entries, `iapp ${packageVersion()}`, null);
}

/** The one folder that the job's user may write to, where nothing is mounted there. */
export function workLayer(cache: LayerCache): Promise<Layer> {
  const owner = Number(USER.split(":")[0]);
  return cache.build([{ path: PLACES.work, type: "folder", owner }], "a folder to work in", null);
}
