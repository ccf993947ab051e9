import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative } from "node:path";
import { foreignPath, type Problem, type PythonParser, type StaticReport } from "../../notebook/index.js";
import { type Exchanged, exchangedFiles } from "../../project/exchange.js";
import { exchangeRemarks, writersText } from "../../project/exchange-words.js";
import { twinsOf } from "../../project/twins.js";

type DataFile = StaticReport["data_files"][number];

/** A file that the notebook reads or writes, as the project has it. Paths of these lists count from the project's root. */
export interface CheckedFile extends DataFile {
  exists: boolean | null;
  /** Files with the name of one that is read by a path of another machine, or from an address. */
  twins: string[];
  /** Other notebooks that write what this one reads. */
  written_by: string[];
}

/** Looks for the files that a notebook reads: there, written by another notebook, or lying elsewhere in the project. */
export async function checkFiles(
  report: StaticReport,
  { root, notebook, parser }: { root: string; notebook: string; parser: PythonParser },
): Promise<{ files: CheckedFile[]; problems: Problem[] }> {
  const folder = dirname(notebook);
  const written = new Set(report.data_files.filter(({ access }) => access === "write").map(({ path }) => path));
  const twins = await twinsOf(root, folder, report.data_files);
  const exchanged = await exchangedFiles(root, notebook, report.data_files, parser);
  const inProject = (paths: readonly string[]): string[] => paths.map((path) => relative(root, path));
  const files = await Promise.all(
    report.data_files.map(async (file) => {
      const same = ({ path }: { path: string }): boolean => path === file.path;
      const writers = file.access === "read" ? (exchanged.find(same)?.writers ?? []) : [];
      return {
        ...file,
        exists: written.has(file.path) ? null : await isThere(folder, file),
        twins: inProject(twins.find(same)?.files ?? []),
        written_by: inProject(writers.map((writer) => writer.notebook)),
      };
    }),
  );
  return { files, problems: [...missingFiles(files), ...exchangeProblems(exchanged, report, root)] };
}

/** Null where it cannot be told: computed names, URLs, patterns, files that the notebook itself writes. */
async function isThere(folder: string, file: DataFile): Promise<boolean | null> {
  if (file.path === null || file.kind !== "file" || file.access !== "read") return null;
  const path = isAbsolute(file.path) ? file.path : join(folder, file.path);
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A file that is read, is not there, and is not written by the notebook before. Foreign paths have their own problem already. */
function missingFiles(files: readonly CheckedFile[]): Problem[] {
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

/** Paths of other machines are no problem where one file of the project has their name. */
export function withTwins(problems: readonly Problem[], files: readonly CheckedFile[]): Problem[] {
  return problems.map((problem) => withTwin(problem, files));
}

function withTwin(problem: Problem, files: readonly CheckedFile[]): Problem {
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
