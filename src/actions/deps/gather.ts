import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { projectConfig } from "../../config/index.js";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { parseNotebook, staticReport } from "../../notebook/index.js";
import { type Declared, declaredRequirements, type Wanted } from "../../project/declared.js";
import { withoutCredentials } from "../../project/environment/lock-text.js";
import { boundsOf, fitting, merged, narrowed, type VersionBound } from "../../project/era/index.js";
import { distributionOf } from "../../project/import-names.js";
import type { ProjectLayout } from "../../project/layout.js";
import { OLDEST } from "../../project/python.js";
import { type SystemHint, systemHints } from "../../project/system-libraries.js";
import { environmentWish, localModules } from "../../project/wanted.js";
import { pythonParser } from "../check/parser.js";

/** A distribution that a project's notebooks need, or say they need. */
export interface Dependency {
  /** Normalised name; the text itself for an address without one. */
  name: string;
  /** As it will be asked for: `pandas==2.2.3`, `numpy`. */
  text: string;
  /** Who asks: `requirements.txt:3`, `cell 4, line 1`, `import sklearn in cell 1`. */
  origin: string;
  status: "declared" | "notebook" | "missing";
  /** Notebooks that import it. */
  used_by: string[];
}

export interface DependencyReport {
  schema: "iapp.deps/1";
  notebooks: string[];
  /** Files that were read, relative to the project. */
  files: string[];
  dependencies: Dependency[];
  /** Modules of the project itself, which travel with it. */
  local: string[];
  system: SystemHint[];
  notes: string[];
  /** Where versions of guessed packages come from; null: the newest. */
  author: string | null;
  missing: string[];
  /** For the resolver: requirements and sources as they are written. They may hold credentials, and are never shown. */
  resolve: { wanted: Wanted[]; options: string[]; bounds: VersionBound[] };
}

/** Notebooks of a project's own folder, where none is named. */
export async function notebooksOf(root: string): Promise<string[]> {
  const names = (await readdir(root)).filter((name) => name.endsWith(".ipynb")).sort();
  if (names.length > 0) return names.map((name) => join(root, name));
  throw new UserError("IAPP_DEPS_NO_NOTEBOOK", `there is no notebook in ${root}`, {
    remedy: "Name one: iapp deps NOTEBOOK",
  });
}

/** What the notebooks import, against what the project says it needs. Nothing is installed or written. */
export async function gatherDependencies(
  ctx: Context,
  layout: ProjectLayout,
  notebooks: readonly string[],
): Promise<DependencyReport> {
  const { config } = await projectConfig(layout.root);
  const packages = config.packages ?? [];
  const found = new Map<string, Dependency>();
  const local = new Set<string>();
  const notes = new Set<string>();
  const files = new Set<string>();
  const options = new Set<string>();
  const wanted = new Map<string, Wanted>();
  let author: string | null = null;
  let bounds: VersionBound[] = [];
  for (const path of notebooks) {
    const shown = relative(layout.root, path);
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new UserError("IAPP_NOTEBOOK_MISSING", "there is no such notebook", { where: path, cause });
    });
    const notebook = parseNotebook(bytes, basename(path));
    const folder = dirname(path);
    const parser = await pythonParser();
    const report = staticReport(notebook, {
      parser,
      localModules: await localModules(folder, layout.root),
    });
    const declared: Declared = await declaredRequirements(layout.root, folder, packages);
    const input = { root: layout.root, notebookFolder: folder, notebook, report, parser, packages };
    const wish = await environmentWish(ctx, input);
    const needed = boundsOf(report.apis);
    bounds = merged([...bounds, ...needed]);
    const narrow = new Map(narrowed(wish, fitting(needed, OLDEST)).wanted.map(({ name, text }) => [name, text]));
    author = author ?? wish.author;
    for (const file of declared.files) files.add(file);
    for (const option of wish.options) options.add(option);
    for (const note of [...declared.notes, ...wish.notes]) notes.add(note);
    const imported = new Set<string>();
    for (const { name, kind } of report.imports) {
      if (kind === "package") imported.add(distributionOf(name));
      else if (kind === "local") local.add(name);
    }
    for (const one of wish.wanted) {
      const { name, origin, inferred } = one;
      // What a file or the notebook asks for is shown as it asks.
      const text = withoutCredentials(inferred ? (narrow.get(name) ?? one.text) : one.text);
      const key = name ?? text;
      if (!wanted.has(key)) wanted.set(key, one);
      const status = inferred ? "missing" : /^cell \d/.test(origin) ? "notebook" : "declared";
      const dependency = found.get(key) ?? { name: key, text, origin, status, used_by: [] };
      if (inferred || (name !== null && imported.has(name))) dependency.used_by.push(shown);
      found.set(key, dependency);
    }
  }
  const dependencies = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    schema: "iapp.deps/1",
    notebooks: notebooks.map((path) => relative(layout.root, path)),
    files: [...files],
    dependencies,
    local: [...local].sort(),
    system: systemHints(dependencies.map(({ name }) => name)),
    notes: [...notes],
    author,
    missing: dependencies.filter(({ status }) => status === "missing").map(({ text }) => text),
    resolve: { wanted: [...wanted.values()], options: [...options], bounds },
  };
}
