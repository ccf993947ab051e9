import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { projectConfig } from "../../config/index.js";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { parseNotebook, type StaticReport, staticReport } from "../../notebook/index.js";
import { boundsOf, specifier } from "../../project/era/index.js";
import { distributionOf } from "../../project/import-names.js";
import { findProject } from "../../project/layout.js";
import { localModules } from "../../project/wanted.js";
import { type CheckedFile, checkFiles, withTwins } from "./files.js";
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
  data_files: CheckedFile[];
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
  const { files, problems: ofFiles } = await checkFiles(report, {
    root: layout.root,
    notebook: input.notebook,
    parser,
  });
  const problems = [...withTwins(report.problems, files), ...ofFiles];
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
