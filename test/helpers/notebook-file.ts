import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes `nb.ipynb` with these code cells, and other files beside it. */
export async function writeNotebook(
  folder: string,
  cells: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const document = {
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
  };
  await writeFile(join(folder, "nb.ipynb"), JSON.stringify(document));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}
