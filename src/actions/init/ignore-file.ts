import { readFile, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import ignore from "ignore";
import { exists } from "../../core/fs.js";

/**
 * The text of the folder's `.gitignore` with `.iapp/` in it, or null where nothing is to do: no repository, or git ignores
 * the folder already.
 */
export async function withStateIgnored(folder: string): Promise<{ before: string | null; after: string } | null> {
  const root = await repositoryOf(folder);
  if (root === null) return null;
  for (let at = folder; ; at = dirname(at)) {
    const rules = await readFile(join(at, ".gitignore"), "utf8").catch(() => null);
    if (
      rules !== null &&
      ignore()
        .add(rules)
        .ignores(`${join(relative(at, folder), ".iapp").replaceAll("\\", "/")}/`)
    )
      return null;
    if (at === root) break;
  }
  const before = await readFile(join(folder, ".gitignore"), "utf8").catch(() => null);
  const end = before === null || before === "" || before.endsWith("\n") ? "" : "\n";
  return { before, after: `${before ?? ""}${end}.iapp/\n` };
}

/** The repository that a folder belongs to (`.git` is a folder, or a file in worktrees and submodules), or null. */
async function repositoryOf(folder: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    if (await exists(join(at, ".git"))) return at;
    if (dirname(at) === at) return null;
  }
}

/** Is this a folder? Null when nothing is there. */
export async function isFolder(path: string): Promise<boolean | null> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => null,
  );
}
