import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { IappError } from "../../core/errors.js";
import { exists, fileError } from "../../core/fs.js";
import { parseNotebook, staticReport } from "../../notebook/index.js";
import { pythonParser } from "../check/parser.js";

/** What a look at a notebook finds, without running it. */
export interface Looked {
  /** Relative to the project's folder. */
  path: string;
  cells: number;
  model: { name: string; class: string | null; cell: number; confidence: string } | null;
  /** Data files that it reads. */
  data: { path: string; exists: boolean }[];
  /** Why it cannot be used, or null. */
  problem: string | null;
}

/** @param path of the notebook, relative to the folder */
export async function lookAt(folder: string, path: string): Promise<Looked> {
  const nothing = { path, cells: 0, model: null, data: [] };
  const file = join(folder, path);
  try {
    const notebook = parseNotebook(await readFile(file), path);
    const report = staticReport(notebook, { parser: await pythonParser() });
    const { served } = report;
    const files = report.data_files.filter((one) => one.path !== null && one.kind !== "pattern");
    const written = new Set(files.filter(({ access }) => access === "write").map(({ path: name }) => name));
    const read = files.filter((one) => one.access === "read" && !written.has(one.path));
    return {
      path,
      cells: notebook.code.length,
      model:
        served === null
          ? null
          : { name: served.name, class: served.class, cell: served.cell, confidence: served.confidence },
      data: await Promise.all(
        uniqueByPath(read).map(async ({ path: name, kind }) => ({
          path: name!,
          exists: kind === "url" || (await exists(resolve(dirname(file), name!))),
        })),
      ),
      problem: served === null ? "no model is fitted or predicts in it" : null,
    };
  } catch (error) {
    if (error instanceof IappError) return { ...nothing, problem: error.message };
    if ((error as NodeJS.ErrnoException).code !== undefined)
      return { ...nothing, problem: fileError(path, "read", error).message };
    throw error;
  }
}

function uniqueByPath<T extends { path: string | null }>(files: T[]): T[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
