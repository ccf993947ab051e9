import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The text of a notebook with these code cells; `more` replaces fields of the document. */
export function notebookText(cells: readonly string[], more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "python3", language: "python", display_name: "Python 3" } },
    cells: cells.map((source, i) => ({
      cell_type: "code",
      id: `c${i}`,
      metadata: {},
      execution_count: i + 1,
      source,
      outputs: [],
    })),
    ...more,
  });
}

/** Writes `nb.ipynb` with these code cells, and other files beside it. */
export async function writeNotebook(
  folder: string,
  cells: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "nb.ipynb"), notebookText(cells));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}
