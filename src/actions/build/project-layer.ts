import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { PLACES } from "../../core/places.js";
import type { Layer, LayerCache } from "../../image/layer.js";
import { treeEntries } from "../../image/tree.js";
import { projectIgnore } from "../../project/ignore.js";
import { secretIn } from "../../project/secrets.js";

export interface ProjectLayerInput {
  root: string;
  /** Put files in although they look like secrets. */
  allowSecrets: boolean;
  /** Largest size of all files together, in bytes. */
  maxBytes: number;
  /** Folders and files that are left out, relative to the root. */
  without: string[];
}

/**
 * Code and data of a project. Refuses what looks like a secret and more than the stated size: an image travels further than a folder.
 */
export async function projectLayer(ctx: Context, cache: LayerCache, input: ProjectLayerInput): Promise<Layer> {
  const ignored = await projectIgnore(input.root);
  const skip: typeof ignored = (path, ...more) => input.without.includes(path) || ignored(path, ...more);
  const entries = await treeEntries(input.root, { prefix: PLACES.project, skip });
  const sizes: { path: string; bytes: number }[] = [];
  const secrets: string[] = [];
  for (const { path, content } of entries) {
    if (content === undefined || content instanceof Uint8Array) continue;
    const inside = path.slice(PLACES.project.length + 1);
    sizes.push({ path: inside, bytes: content.size });
    const secret = input.allowSecrets ? null : await secretIn(inside, content.file, content.size);
    if (secret !== null) secrets.push(`${inside}: ${secret}`);
  }
  if (secrets.length > 0) {
    throw new UserError(
      "IAPP_BUILD_SECRET",
      `nothing was built: ${secrets.length} files of the project look like secrets`,
      {
        lines: secrets.slice(0, 20),
        remedy: "Name them in .iappignore; or, where they are none, build with --allow-secrets.",
      },
    );
  }
  const bytes = sizes.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes > input.maxBytes) {
    const largest = sizes.sort((a, b) => b.bytes - a.bytes).slice(0, 5);
    throw new UserError(
      "IAPP_BUILD_SIZE",
      `the project has ${(bytes / 1e6).toFixed(0)} MB, more than the ${(input.maxBytes / 1e6).toFixed(0)} MB that may go into the image`,
      {
        lines: largest.map((one) => `${(one.bytes / 1e6).toFixed(1)} MB  ${one.path}`),
        remedy: "Name what training does not need in .iappignore, or allow more with --max-size.",
      },
    );
  }
  ctx.emit({ code: "build.project", level: "progress", text: `packing ${sizes.length} files of the project` });
  return cache.build(entries, "project", null);
}
