import { relative } from "node:path";
import type { ProgramRemark } from "../core/contract.js";
import type { StaticReport } from "../notebook/index.js";
import type { Exchanged } from "./exchange.js";

/** What a person should know of files that come from other notebooks: above all which columns the service then expects. */
export function exchangeRemarks(
  exchanged: readonly Exchanged[],
  { source, data_files }: StaticReport,
  root: string,
): ProgramRemark[] {
  const raw = data_files.find(
    ({ access, cell, path }) => access === "read" && cell === source?.cell && path === source.path,
  );
  return exchanged
    .filter(({ needed, writers }) => needed && writers.length > 0)
    .map((file) => {
      const by = writersText(file, root);
      const text =
        file.path === raw?.path
          ? `${file.path} is written by ${by}: a request brings its columns as they are written there, not the raw ones`
          : `${file.path} is written by ${by}: what the run has read from it is used as it is`;
      return { code: "IAPP_NOTEBOOK_EXCHANGE", cell: file.cell, line: file.line, text };
    });
}

/** `01-prepare.ipynb (cell 4)`, several joined by "and". */
export function writersText({ writers }: Exchanged, root: string): string {
  return writers.map(({ notebook, cell }) => `${relative(root, notebook)} (cell ${cell})`).join(" and ");
}
