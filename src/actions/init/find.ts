import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Folders that hold other people's notebooks, or copies. */
const SKIPPED = new Set(["node_modules", "site-packages", "__pycache__", "venv", "env"]);
const DEEPEST = 3;
const MOST = 200;

/** Notebooks in a folder and up to three folders below it, as paths with `/`, the highest first. */
export async function findNotebooks(root: string): Promise<string[]> {
  const found: string[] = [];
  let level = [""];
  for (let depth = 0; depth <= DEEPEST && level.length > 0 && found.length < MOST; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      // A folder that may not be read has nothing to offer.
      const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
      for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isFile() && entry.name.endsWith(".ipynb")) found.push(path);
        else if (entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED.has(entry.name)) below.push(path);
      }
    }
    level = below.slice(0, 500);
  }
  return found.slice(0, MOST);
}
