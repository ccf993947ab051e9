import { readFile } from "node:fs/promises";
import { join } from "node:path";
import ignore from "ignore";

/** What no image needs, whatever a project says. */
const ALWAYS = [
  ".git",
  ".iapp",
  ".iappignore",
  "__pycache__",
  "*.pyc",
  ".ipynb_checkpoints",
  ".venv",
  "venv",
  "node_modules",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".DS_Store",
];

/** Rules of `.iappignore` (those of gitignore files) and what is always left out. Paths are relative to the root, with `/`. */
export async function projectIgnore(root: string): Promise<(path: string, folder: boolean) => boolean> {
  const rules = ignore().add(ALWAYS);
  rules.add(await readFile(join(root, ".iappignore"), "utf8").catch(() => ""));
  return (path, folder) => rules.ignores(folder ? `${path}/` : path);
}
