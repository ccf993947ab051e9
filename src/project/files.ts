import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { exists } from "../core/fs.js";

/** Folders that hold nothing of the author's; environments are known by their pyvenv.cfg. */
const LEFT_OUT = /^(\.|node_modules$|__pycache__$|site-packages$)/;
const MOST_FILES = 20_000;
const MOST_DEPTH = 8;

/** The author's files in a folder and below it, absolute. */
export async function filesBelow(root: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (LEFT_OUT.test(entry.name) || found.length >= MOST_FILES) continue;
      if (entry.isFile()) found.push(join(folder, entry.name));
      else if (entry.isDirectory() && depth < MOST_DEPTH && !(await exists(join(folder, entry.name, "pyvenv.cfg"))))
        await visit(join(folder, entry.name), depth + 1);
    }
  };
  await visit(resolve(root), 0);
  return found;
}
