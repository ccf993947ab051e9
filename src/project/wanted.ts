import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Context } from "../core/events.js";
import type { Notebook, PythonParser, StaticReport } from "../notebook/index.js";
import { authorEnvironment } from "./author.js";
import { type Declared, declaredRequirements, readRequirements, requirementName, type Wanted } from "./declared.js";
import { distributionOf } from "./import-names.js";
import { packagesOfLocalModules } from "./local-imports.js";

/** What has to be installed for a notebook, before it is resolved. */
export interface EnvironmentWish {
  wanted: Wanted[];
  options: string[];
  notes: string[];
  /** Where versions of guessed packages come from, for people; null: the newest. */
  author: string | null;
}

/** Calls that need a package which no import names. */
const HIDDEN: [pattern: RegExp, distribution: string][] = [
  [/\bread_excel\s*\(|\.to_excel\s*\(|\bExcelFile\s*\(/, "openpyxl"],
  [/\b(?:read|to)_(?:parquet|feather|orc)\s*\(|engine\s*=\s*["']pyarrow["']/, "pyarrow"],
  [/\bread_html\s*\(/, "lxml"],
  [/\b(?:read|to)_hdf\s*\(/, "tables"],
  [/\.to_markdown\s*\(/, "tabulate"],
];

export interface WishInput {
  root: string;
  notebookFolder: string;
  notebook: Notebook;
  report: StaticReport;
  parser: PythonParser;
  /** `packages:` of iapp.yaml. */
  packages: readonly string[];
}

/**
 * Declared files first, then the notebook's own install lines, then what its imports need beyond that, with the versions of the author's
 * environment where there is one.
 */
export async function environmentWish(ctx: Context, input: WishInput): Promise<EnvironmentWish> {
  const declared = await declaredRequirements(input.root, input.notebookFolder, input.packages);
  await addNotebookLines(input, declared);
  const known = new Set(declared.wanted.flatMap(({ name }) => (name === null ? [] : [name])));
  const inferred = new Map<string, string>();
  for (const { name, kind, cells, optional } of input.report.imports) {
    if (kind !== "package" || optional) continue;
    const distribution = distributionOf(name);
    if (!known.has(distribution)) inferred.set(distribution, `import ${name} in cell ${cells[0]}`);
  }
  for (const [name, file] of await packagesBeside(input)) {
    const distribution = distributionOf(name);
    if (!known.has(distribution) && !inferred.has(distribution))
      inferred.set(distribution, `import ${name} in ${file}`);
  }
  for (const cell of input.notebook.code) {
    for (const [pattern, distribution] of HIDDEN) {
      if (pattern.test(cell.source) && !known.has(distribution)) {
        inferred.set(distribution, inferred.get(distribution) ?? `a call in cell ${cell.cell}`);
      }
    }
  }
  const author = await authorEnvironment(ctx, [...inferred.keys()]);
  for (const [name, origin] of inferred) {
    const version = author?.versions.get(name);
    declared.wanted.push({ text: version === undefined ? name : `${name}==${version}`, name, origin, inferred: true });
  }
  return {
    wanted: unique(declared.wanted),
    options: declared.options,
    notes: declared.notes,
    author: author?.why ?? null,
  };
}

async function packagesBeside({ root, notebookFolder, report, parser }: WishInput): Promise<Map<string, string>> {
  if (!report.imports.some(({ kind }) => kind === "local")) return new Map();
  const folders = [notebookFolder, root];
  return packagesOfLocalModules(report, folders, root, await localModules(...folders), parser);
}

async function addNotebookLines({ root, notebookFolder, report }: WishInput, declared: Declared): Promise<void> {
  const names = new Set(declared.wanted.map(({ name }) => name));
  for (const { kind, text, name, cell, line } of report.requirements) {
    const origin = `cell ${cell}, line ${line}`;
    if (kind === "option") declared.options.push(text);
    else if (kind === "file") await readRequirements(resolve(notebookFolder, text), root, declared, new Set());
    else if (kind === "path") declared.notes.push(`${origin}: ${text}: the code is used as it lies in the project`);
    else if (name === null || !names.has(name)) {
      declared.wanted.push({ text, name: name ?? requirementName(text), origin, inferred: false });
    }
  }
}

/** The first of several requirements for one package wins: the files come in the order of their weight. */
function unique(wanted: Wanted[]): Wanted[] {
  const seen = new Set<string>();
  return wanted.filter(({ name, text }) => {
    const key = `${name ?? text} ${/;(.*)$/.exec(text)?.[1]?.trim() ?? ""}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Names that `import` finds beside the notebook: modules and packages of the project itself. */
export async function localModules(...folders: string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const folder of new Set(folders)) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (entry.isFile() && entry.name.endsWith(".py")) found.add(entry.name.slice(0, -3));
      else if (entry.isDirectory() && !entry.name.startsWith(".") && (await hasPython(join(folder, entry.name))))
        found.add(entry.name);
    }
  }
  return found;
}

async function hasPython(folder: string): Promise<boolean> {
  if (
    await stat(join(folder, "__init__.py")).then(
      () => true,
      () => false,
    )
  )
    return true;
  const entries = await readdir(folder).catch(() => []);
  return entries.some((name) => name.endsWith(".py"));
}
