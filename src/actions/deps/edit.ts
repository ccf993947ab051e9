import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { isRequirement } from "../../config/index.js";
import { UserError } from "../../core/errors.js";
import { exists, writeFileAtomic } from "../../core/fs.js";
import { requirementName } from "../../project/declared.js";

export interface Edited {
  /** The file that was changed, relative to the project. */
  file: string;
  added: string[];
  removed: string[];
}

/** Text of a file after a change; null where nothing changes. */
type Change = (text: string) => { text: string; added: string[]; removed: string[] };

/**
 * Declares further packages where the project declares: `requirements.txt`, else the dependencies of `pyproject.toml`, else a new
 * `requirements.txt`. A package that is there already gets the new text; order and comments stay.
 */
export async function addDependencies(root: string, wanted: readonly string[]): Promise<Edited> {
  for (const one of wanted) {
    if (!isRequirement(one) || requirementName(one) === null)
      throw new UserError("IAPP_DEPS_NAME", `${JSON.stringify(one)} is not a package`, {
        remedy: "Write a name with or without a version: pandas, or 'pandas>=2,<3'.",
      });
  }
  return (await usesPyproject(root))
    ? edit(root, "pyproject.toml", (text) => addToPyproject(text, wanted))
    : edit(root, "requirements.txt", (text) => addToRequirements(text, wanted));
}

/** Takes packages out of the file that declares them. @throws UserError when one is declared nowhere */
export async function removeDependencies(root: string, names: readonly string[]): Promise<Edited> {
  const edited = (await usesPyproject(root))
    ? await edit(root, "pyproject.toml", (text) => removeFromPyproject(text, names))
    : await edit(root, "requirements.txt", (text) => removeFromRequirements(text, names));
  const gone = new Set(edited.removed.map((one) => requirementName(one)));
  const unknown = names.find((name) => !gone.has(requirementName(name)));
  if (unknown !== undefined) {
    throw new UserError("IAPP_DEPS_UNKNOWN", `${unknown} is not declared in ${edited.file}`, {
      remedy: "See what is: iapp deps list",
    });
  }
  return edited;
}

async function usesPyproject(root: string): Promise<boolean> {
  if (await exists(join(root, "requirements.txt"))) return false;
  const text = await readFile(join(root, "pyproject.toml"), "utf8").catch(() => null);
  return text !== null && /^\s*dependencies\s*=\s*\[/m.test(text);
}

async function edit(root: string, file: string, change: Change): Promise<Edited> {
  const path = join(root, file);
  const before = await readFile(path, "utf8").catch(() => "");
  const { text, added, removed } = change(before);
  if (text !== before) await writeFileAtomic(path, text);
  return { file, added, removed };
}

function addToRequirements(text: string, wanted: readonly string[]): ReturnType<Change> {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const added: string[] = [];
  const removed: string[] = [];
  for (const one of wanted) {
    const name = requirementName(one);
    const at = lines.findIndex((line) => requirementName(bare(line)) === name && bare(line) !== "");
    if (at < 0) lines.push(one);
    else if (bare(lines[at]!) === one) continue;
    else {
      removed.push(bare(lines[at]!));
      lines[at] = lines[at]!.replace(bare(lines[at]!), one);
    }
    added.push(one);
  }
  return { text: lines.length === 0 ? "" : `${lines.join("\n")}\n`, added, removed };
}

function removeFromRequirements(text: string, names: readonly string[]): ReturnType<Change> {
  const gone = new Set(names.map((name) => requirementName(name)));
  const removed: string[] = [];
  const lines = text.split("\n").filter((line) => {
    const hit = bare(line) !== "" && gone.has(requirementName(bare(line)));
    if (hit) removed.push(bare(line));
    return !hit;
  });
  return { text: lines.join("\n"), added: [], removed };
}

/** A line without its comment. */
const bare = (line: string): string => line.replace(/(^|\s)#.*$/, "").trim();

const LIST = /^(\s*dependencies\s*=\s*\[)([\s\S]*?)(\n?[ \t]*\])/m;

function addToPyproject(text: string, wanted: readonly string[]): ReturnType<Change> {
  const names = new Set(wanted.map((one) => requirementName(one)));
  const had = listed(text);
  const removed = had.filter((one) => names.has(requirementName(one)) && !wanted.includes(one));
  const added = wanted.filter((one) => !had.includes(one));
  return { text: rewrite(text, [...had.filter((one) => !removed.includes(one)), ...added]), added, removed };
}

function removeFromPyproject(text: string, names: readonly string[]): ReturnType<Change> {
  const gone = new Set(names.map((name) => requirementName(name)));
  const had = listed(text);
  const removed = had.filter((one) => gone.has(requirementName(one)));
  return {
    text: rewrite(
      text,
      had.filter((one) => !removed.includes(one)),
    ),
    added: [],
    removed,
  };
}

function listed(text: string): string[] {
  const project = (parseToml(text) as { project?: { dependencies?: string[] } }).project;
  return project?.dependencies ?? [];
}

function rewrite(text: string, dependencies: readonly string[]): string {
  const same = JSON.stringify(listed(text)) === JSON.stringify(dependencies);
  if (same) return text;
  const body = dependencies.map((one) => `\n  ${JSON.stringify(one)},`).join("");
  const out = text.replace(LIST, (_all, head: string) => `${head}${body}\n]`);
  // The text around the list is the author's: what cannot be read back as it should be is not written.
  if (JSON.stringify(listed(out)) !== JSON.stringify(dependencies)) {
    throw new UserError("IAPP_DEPS_PYPROJECT", "the dependencies of pyproject.toml cannot be changed safely", {
      where: "pyproject.toml",
      remedy: "Change them by hand, or keep them in a requirements.txt.",
    });
  }
  return out;
}
