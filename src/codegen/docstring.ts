import type { Program, RecordDocument } from "../core/contract.js";

/** The module's docstring: what is served, from which notebook and cell, and what the proof found. */
export function docstring(program: Program, record: RecordDocument, proof: string | null): string[] {
  const { source, served } = record;
  const notebook = baseName(program.notebook);
  const rows = source === null ? "rows" : `rows of ${dataName(source.call) ?? source.name}`;
  const fitted =
    served === null ? "" : ` (served: ${served.name}, ${article(served.class)} ${served.class} of cell ${served.cell})`;
  const lines = [`Scores ${rows} as ${notebook} does${fitted}.`, ...(proof === null ? [] : proof.split("\n"))].map(
    escaped,
  );
  return lines.length === 1
    ? [`"""${lines[0]}"""`]
    : [`"""${lines[0]}`, ...lines.slice(1, -1), `${lines[lines.length - 1]}"""`];
}

function baseName(path: string): string {
  return path.split(/[\\/]/).pop() ?? path;
}

/** The file a call reads, from its first string: `pd.read_csv("data/churn.csv")` -> `churn.csv`. */
function dataName(call: string): string | null {
  const [, , text] = /(["'])(.*?)\1/.exec(call) ?? [];
  return text === undefined || text.trim() === "" ? null : baseName(text);
}

function article(name: string): string {
  return /^[AEIOU]/i.test(name) ? "an" : "a";
}

function escaped(line: string): string {
  return line.replace(/\\/g, "\\\\").replace(/"/g, "'").trimEnd();
}
