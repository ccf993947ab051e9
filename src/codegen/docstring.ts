import type { Program, RecordDocument } from "../core/contract.js";

/** The module's docstring: what is served, from which notebook and cell, and what the proof found. */
export function docstring(program: Program, record: RecordDocument, proof: string | null): string[] {
  const { source, served } = record;
  const rows = source === null ? "rows" : `rows of ${dataName(source.call) ?? source.name}`;
  const fitted = record.models.find((model) => model.name === record.predict?.model)?.origin.cell;
  const where = !fitted ? `of cell ${served?.cell}` : `fitted in cell ${fitted}`;
  const what = served === null ? "" : ` (served: ${served.name}, ${article(served.class)} ${served.class} ${where})`;
  const does = source?.asked === true ? "Answers" : `Scores ${rows}`;
  const first = `${does} as ${baseName(program.notebook)} does${what}.`;
  const lines = [first, ...(proof === null ? [] : proof.split("\n"))].map(escaped);
  lines[0] = `"""${lines[0]}`;
  lines[lines.length - 1] += '"""';
  return lines;
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
