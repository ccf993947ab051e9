import { readFile, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { projectConfig } from "../../config/index.js";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { foreignPath, type Problem, parseNotebook, type StaticReport, staticReport } from "../../notebook/index.js";
import { boundsOf, specifier } from "../../project/era/index.js";
import { type Exchanged, exchangedFiles } from "../../project/exchange.js";
import { exchangeRemarks, writersText } from "../../project/exchange-words.js";
import { distributionOf } from "../../project/import-names.js";
import { findProject } from "../../project/layout.js";
import { twinsOf } from "../../project/twins.js";
import { localModules } from "../../project/wanted.js";
import { pythonParser } from "./parser.js";

export interface CheckInput {
  /** Absolute path. */
  notebook: string;
  serve: { name: string | null; cell: number | null };
}

/** What `iapp check` finds: `iapp.check/1`. Everything is an estimate; a run is exact. */
export interface CheckResult extends Omit<StaticReport, "data_files" | "imports"> {
  schema: "iapp.check/1";
  notebook: string;
  nbformat: string;
  python: string | null;
  /** `written_by`: other notebooks of the project, absolute. `twins`: files of the project with the name of one that is read by a path of another machine, or from an address. */
  data_files: (StaticReport["data_files"][number] & {
    exists: boolean | null;
    twins: string[];
    written_by: string[];
  })[];
  imports: (StaticReport["imports"][number] & { distribution: string | null })[];
  /** Versions that the code needs, where the newest have lost what it uses. */
  versions: { requirement: string; why: string }[];
  /** Whether a problem stands in the way of a deploy. */
  ok: boolean;
  seconds: number;
}

/** Looks at a notebook without running it and without Python. @throws UserError when it cannot be read as one */
export async function check(ctx: Context, input: CheckInput): Promise<CheckResult> {
  const began = performance.now();
  const bytes = await readFile(input.notebook).catch((cause: NodeJS.ErrnoException) => {
    throw new UserError(
      "IAPP_NOTEBOOK_MISSING",
      cause.code === "EISDIR" ? "it is a folder, not a notebook" : "there is no such notebook",
      { where: input.notebook, remedy: "Check the path; `ls *.ipynb` shows the notebooks of a folder.", cause },
    );
  });
  const notebook = parseNotebook(bytes, basename(input.notebook));
  const folder = dirname(input.notebook);
  const layout = await findProject(folder);
  const { config, warnings } = await projectConfig(layout.root);
  for (const warning of warnings) ctx.emit({ code: "config.warning", level: "warn", text: warning.message });
  const parser = await pythonParser();
  const report = staticReport(notebook, {
    parser,
    serve: {
      name: input.serve.name ?? config.serve?.model ?? null,
      cell: input.serve.cell ?? config.serve?.cell ?? null,
    },
    skip: config.skip ?? [],
    localModules: await localModules(folder, layout.root),
  });
  const written = new Set(report.data_files.filter(({ access }) => access === "write").map(({ path }) => path));
  const twins = await twinsOf(layout.root, folder, report.data_files);
  const exchanged = await exchangedFiles(layout.root, input.notebook, report.data_files, parser);
  const files = await Promise.all(
    report.data_files.map(async (file) => ({
      ...file,
      exists: written.has(file.path) ? null : await isThere(folder, file),
      written_by: (file.access === "read" ? exchanged : [])
        .filter(({ path }) => path === file.path)
        .flatMap(({ writers }) => writers.map(({ notebook: by }) => relative(layout.root, by))),
      twins: (twins.find(({ path }) => path === file.path)?.files ?? []).map((twin) => relative(layout.root, twin)),
    })),
  );
  const problems = [
    ...report.problems.map((problem) => withTwin(problem, files)),
    ...missingFiles(files),
    ...exchangeProblems(exchanged, report, layout.root),
  ];
  return {
    ...report,
    schema: "iapp.check/1",
    notebook: input.notebook,
    nbformat: String(notebook.format),
    python: notebook.languageVersion ?? null,
    data_files: files,
    imports: report.imports.map((one) => ({
      ...one,
      distribution: one.kind === "package" ? distributionOf(one.name) : null,
    })),
    problems,
    versions: boundsOf(report.apis)
      .filter(({ below }) => below !== null)
      .map((bound) => ({ requirement: `${bound.distribution}${specifier(bound)}`, why: bound.why })),
    ok: !problems.some(({ level }) => level === "error"),
    seconds: (performance.now() - began) / 1000,
  };
}

/** Null where it cannot be told: computed names, URLs, patterns, files that the notebook itself writes. */
async function isThere(folder: string, file: StaticReport["data_files"][number]): Promise<boolean | null> {
  if (file.path === null || file.kind !== "file" || file.access !== "read") return null;
  const path = isAbsolute(file.path) ? file.path : join(folder, file.path);
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A file that is read, is not there, and is not written by the notebook before. Foreign paths have their own problem already. */
function missingFiles(files: CheckResult["data_files"]): Problem[] {
  return files
    .filter(({ path, exists, written_by }) => exists === false && path !== null && written_by.length === 0)
    .filter(({ path }) => foreignPath(path!) === null)
    .map(({ path, cell, line, needed }) => ({
      code: "IAPP_NOTEBOOK_FILE_MISSING",
      level: needed ? ("error" as const) : ("warning" as const),
      cell,
      line,
      column: null,
      message: `${path} is not there`,
      remedy: needed ? "Put the file where the notebook reads it: paths count from the notebook's folder." : null,
    }));
}

/** Files from other notebooks: what the service then expects, and whether it is known which one is to be run first. */
function exchangeProblems(exchanged: readonly Exchanged[], report: StaticReport, root: string): Problem[] {
  const open = exchanged.filter(({ exists, writers }) => !exists && writers.length > 1);
  return [
    ...exchangeRemarks(exchanged, report, root).map(({ code, cell, line, text }) => {
      const first = exchanged.some((one) => one.cell === cell && one.line === line && !one.exists);
      const remedy = first ? "It is not there: that notebook is run first." : null;
      return { code, level: "info" as const, cell, line, column: null, message: text, remedy };
    }),
    ...open.map((file) => ({
      code: "IAPP_NOTEBOOK_FILE_MISSING",
      level: "error" as const,
      cell: file.cell,
      line: file.line,
      column: null,
      message: `${file.path} is not there, and several notebooks write it: ${writersText(file, root)}`,
      remedy: "Run the one that is meant; a file that is there is used as it is.",
    })),
  ];
}

/** A path of another machine is no problem where one file of the project has its name. */
function withTwin(problem: Problem, files: CheckResult["data_files"]): Problem {
  const file = files.find(({ cell, line }) => cell === problem.cell && line === problem.line);
  if (problem.code !== "IAPP_NOTEBOOK_PATH" || file === undefined || file.exists === true) return problem;
  const [twin, ...others] = file.twins;
  const level = file.needed ? "error" : problem.level;
  if (twin === undefined)
    return { ...problem, level, message: `${problem.message}, and no file of the project has its name` };
  if (others.length === 0)
    return { ...problem, level: "info", message: `${problem.message}: ${twin} is read in its place`, remedy: null };
  return {
    ...problem,
    level,
    message: `${problem.message}, and several files have its name: ${file.twins.join(", ")}`,
  };
}
