import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Agreement } from "../../core/agreement.js";
import type { RecordDocument } from "../../core/contract.js";
import type { Context } from "../../core/events.js";
import { readJson, writeJson } from "../../core/fs.js";
import { agreement, type Notebook, parseNotebook } from "../../notebook/index.js";

const FILE = "agreement.json";
/** Cells that are named in a warning. */
const NAMED = 3;

/**
 * Compares what the run printed with what is stored in the notebook, and warns where a cell that the model is made with printed something
 * else. Null where the run left no notebook.
 */
export async function compareOutputs(
  ctx: Context,
  dir: string,
  notebook: Notebook,
  record: RecordDocument,
): Promise<Agreement | null> {
  const text = await readFile(join(dir, "executed.ipynb"), "utf8").catch(() => null);
  if (text === null) return null;
  const found = agreement(notebook, parseNotebook(text, "executed.ipynb"));
  await writeJson(join(dir, FILE), found);
  const matters = new Set(
    record.cells.filter(({ verdict }) => verdict === "score" || verdict === "train").map((c) => c.cell),
  );
  const off = found.cells.filter(({ cell, verdict }) => verdict === "different" && matters.has(cell));
  if (off.length > 0) {
    const named = off
      .slice(0, NAMED)
      .map(({ cell, first }) => `cell ${cell} (${first?.stored} then, ${first?.now} now)`);
    ctx.emit({
      code: "train.agreement",
      level: "warn",
      text: `other numbers than the notebook's author saw: ${named.join(", ")}${off.length > NAMED ? " and others" : ""}; are the data and the versions the same?`,
      data: { cells: off.map(({ cell }) => cell) },
    });
  }
  return found;
}

export const readAgreement = (dir: string): Promise<Agreement | null> => readJson<Agreement>(join(dir, FILE));
