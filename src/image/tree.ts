import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "../core/fs.js";
import type { TarEntry } from "./tar-stream.js";

export interface TreeOptions {
  /** Path in the image below which the tree is put, without leading slash. */
  prefix: string;
  /** Called with the path inside the tree (`/` between parts) and whether it is a folder; true leaves it out. */
  skip?: (path: string, folder: boolean) => boolean;
}

/**
 * Everything below a folder as entries of a layer. Owner, group, times and all of the mode but "may be run" are left behind, so that the
 * same files give the same layer for every person. Sockets, pipes and devices are passed over.
 */
export async function treeEntries(root: string, { prefix, skip }: TreeOptions): Promise<TarEntry[]> {
  const found: TarEntry[] = [];
  const walk = async (inside: string): Promise<void> => {
    const folder = join(root, inside);
    const names = await readdir(folder).catch((cause) => Promise.reject(fileError(folder, "read", cause)));
    for (const name of names.sort()) {
      const path = inside === "" ? name : `${inside}/${name}`;
      const full = join(root, path);
      const stats = await lstat(full).catch((cause) => Promise.reject(fileError(full, "read", cause)));
      if (skip?.(path, stats.isDirectory()) === true) continue;
      const at = `${prefix}/${path}`;
      if (stats.isDirectory()) {
        found.push({ path: at, type: "folder" });
        await walk(path);
      } else if (stats.isSymbolicLink()) found.push({ path: at, type: "link", target: await readlink(full) });
      else if (stats.isFile()) {
        const executable = (stats.mode & 0o100) !== 0;
        found.push({ path: at, type: "file", executable, content: { file: full, size: stats.size } });
      }
    }
  };
  await walk("");
  return found;
}
