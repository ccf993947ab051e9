import { pythonParser } from "../../../src/actions/check/parser.js";
import { type Notebook, parseNotebook } from "../../../src/notebook/index.js";

export const parser = await pythonParser();

export interface CellOptions {
  tags?: string[];
  count?: number | null;
  outputs?: object[];
}

/** A notebook of nbformat 4 with these code cells. */
export function notebookOf(
  cells: (string | [source: string, options: CellOptions])[],
  metadata: object = {},
): Notebook {
  const document = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: "python3", language: "python" },
      language_info: { name: "python", version: "3.11.4" },
      ...metadata,
    },
    cells: cells.map((cell) => {
      const [source, { tags = [], count = null, outputs = [] }] = typeof cell === "string" ? [cell, {}] : cell;
      return { cell_type: "code", source, metadata: { tags }, execution_count: count, outputs };
    }),
  };
  return parseNotebook(JSON.stringify(document), "test.ipynb");
}
