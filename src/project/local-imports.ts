import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { exists } from "../core/fs.js";
import { importsOfModule, type PythonParser, type StaticReport } from "../notebook/index.js";

/** Files that are read at most: a project's helpers, and not a library that lies in it. */
const MOST_FILES = 200;
const MOST_BYTES = 2_000_000;

/** A module to look for: its full name, and the folders in which `import` would find it. */
interface Sought {
  module: string;
  folders: readonly string[];
}

/**
 * Packages that the project's own modules import, followed from those that the notebook imports: import name to the file that wants it.
 * Imports that need not happen (in `try`, functions, under a condition) are left out, and so is what cannot be read.
 */
export async function packagesOfLocalModules(
  report: StaticReport,
  folders: readonly string[],
  root: string,
  local: ReadonlySet<string>,
  parser: PythonParser,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  const queue: Sought[] = report.imports
    .filter(({ kind }) => kind === "local")
    .flatMap(({ modules }) => modules.map((module) => ({ module, folders })));
  for (let next = queue.shift(); next !== undefined && seen.size < MOST_FILES; next = queue.shift()) {
    for (const file of candidates(next)) {
      if (seen.has(file)) continue;
      const source = await readFile(file, "utf8").catch(() => null);
      if (source === null || source.length > MOST_BYTES) continue;
      seen.add(file);
      for (const { name, kind, modules, optional } of importsOfModule(source, parser, local)) {
        if (kind === "local") {
          queue.push(...modules.map((module) => ({ module, folders: [dirname(file), ...folders] })));
        } else if (kind === "package" && !optional && !found.has(name) && !(await liesBeside(file, name))) {
          found.set(name, relative(root, file));
        }
      }
    }
  }
  return found;
}

/** Scripts of one folder import each other by name, where the notebook has put the folder on the path. */
async function liesBeside(file: string, module: string): Promise<boolean> {
  const places = candidates({ module, folders: [dirname(file)] });
  return (await Promise.all(places.map(exists))).some(Boolean);
}

/** `a.b` is `a/b.py` or `a/b/__init__.py`, and `a/__init__.py` runs before it; `b` may as well be a name in `a`. */
function candidates({ module, folders }: Sought): string[] {
  const parts = module.split(".");
  return folders.flatMap((folder) =>
    parts.flatMap((_, i) => {
      const path = join(folder, ...parts.slice(0, i + 1));
      return [`${path}.py`, join(path, "__init__.py")];
    }),
  );
}
