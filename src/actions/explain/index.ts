import { join } from "node:path";
import type { CellReport, ContractColumn } from "../../core/contract.js";
import { UserError } from "../../core/errors.js";
import { readJson } from "../../core/fs.js";
import { nearest } from "../../core/near.js";
import type { ProjectLayout } from "../../project/layout.js";
import { type Bundle, findBundle, readBundle } from "../bundle/index.js";

/** A statement of the scoring module. */
export interface ModuleLine {
  /** 1-based, in score.py. */
  line: number;
  /** The notebook's code cell it comes from. */
  cell: number;
  text: string;
}

type Learned = Pick<Bundle["lineage"], "frozen" | "models" | "checks">;

interface Explained extends Learned {
  schema: "iapp.explain/1";
  bundle: string;
  /** Its statements in score.py; for a column those that name it. */
  lines: ModuleLine[];
}

/** Why a cell is in the service or not, and what the service has of it. */
export interface CellExplained extends Explained {
  kind: "cell";
  cell: number;
  verdict: CellReport["verdict"];
  reason: string;
  warnings: Bundle["lineage"]["warnings"];
  failures: Bundle["lineage"]["failures"];
}

/** What a column is to the service: whether rows bring it, and where it is named. */
export interface ColumnExplained extends Explained {
  kind: "column";
  column: string;
  /** What a row must or may bring; null for what rows do not bring. */
  contract: ContractColumn | null;
  /** Columns that rows bring and that the statements which name it name as well, by way of other made columns too. */
  beside: string[];
}

export type Explanation = CellExplained | ColumnExplained;

/** Explains a code cell (its number) or a column of a bundle. @throws UserError with what there is, when there is no such thing */
export async function explain(
  cwd: string,
  layout: ProjectLayout,
  what: string,
  which: string | undefined,
): Promise<Explanation> {
  const bundle = await readBundle(await findBundle(cwd, layout, which));
  const lines = await moduleLines(bundle);
  const number = /^(?:cell[ :]?)?(\d+)$/i.exec(what)?.[1];
  const isColumn = bundle.contract.columns.some(({ name }) => name === what);
  return number !== undefined && !isColumn ? cellOf(bundle, lines, Number(number)) : columnOf(bundle, lines, what);
}

async function moduleLines({ dir, scorePy }: Bundle): Promise<ModuleLine[]> {
  const map = (await readJson<{ line: number; end_line: number; cell: number }[]>(join(dir, "score.map.json"))) ?? [];
  const text = scorePy.split("\n");
  return map.map(({ line, end_line, cell }) => ({ line, cell, text: text.slice(line - 1, end_line).join("\n") }));
}

function cellOf({ index, lineage }: Bundle, lines: readonly ModuleLine[], cell: number): CellExplained {
  const report = lineage.cells.find((one) => one.cell === cell);
  if (report === undefined) {
    throw new UserError("IAPP_EXPLAIN_CELL", `the notebook has no code cell ${cell}`, {
      remedy: `Its code cells are 1 to ${Math.max(...lineage.cells.map((one) => one.cell))}.`,
    });
  }
  const here = <T extends { cell: number | null }>(all: readonly T[]): T[] => all.filter((one) => one.cell === cell);
  return {
    schema: "iapp.explain/1",
    kind: "cell",
    bundle: index.digest,
    cell,
    verdict: report.verdict,
    reason: report.reason,
    lines: here(lines),
    frozen: here(lineage.frozen),
    models: here(lineage.models),
    checks: here(lineage.checks),
    warnings: here(lineage.warnings),
    failures: here(lineage.failures),
  };
}

function columnOf({ index, lineage, contract }: Bundle, lines: readonly ModuleLine[], column: string): ColumnExplained {
  const given = contract.columns.map(({ name }) => name);
  const named = lines.filter(({ text }) => names(text).has(column));
  if (!given.includes(column) && named.length === 0) {
    const near = nearest(column, [...given, ...new Set(lines.flatMap(({ text }) => [...names(text)]))], 1)[0];
    throw new UserError(
      "IAPP_EXPLAIN_COLUMN",
      `no column ${JSON.stringify(column)} is brought by rows or named in the scoring module`,
      {
        remedy: near === undefined ? `Rows bring: ${given.join(", ")}.` : `Did you mean ${JSON.stringify(near)}?`,
      },
    );
  }
  return {
    schema: "iapp.explain/1",
    kind: "column",
    bundle: index.digest,
    column,
    contract: contract.columns.find(({ name }) => name === column) ?? null,
    lines: named,
    beside: beside(column, lines, new Set(given)),
    frozen: lineage.frozen.filter(({ text }) => names(text).has(column)),
    models: [],
    checks: lineage.checks.filter(({ columns }) => columns.includes(column)),
  };
}

/** From a column to what is named in the same statements, on through columns that are made, to those that rows bring. */
function beside(column: string, lines: readonly ModuleLine[], given: ReadonlySet<string>): string[] {
  const seen = new Set([column]);
  const todo = [column];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    for (const { text } of lines) {
      const all = names(text);
      if (!all.has(name)) continue;
      for (const other of all) {
        if (seen.has(other)) continue;
        seen.add(other);
        if (!given.has(other)) todo.push(other);
      }
    }
  }
  return [...seen].filter((name) => given.has(name) && name !== column);
}

/** Column names that a statement may mean: its texts, and its attributes. */
function names(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, , inside] of text.matchAll(/(["'])((?:(?!\1)[^\\\n])*)\1/g)) found.add(inside!);
  for (const [, attribute] of text.matchAll(/\.([A-Za-z_]\w*)\b(?!\s*\()/g)) found.add(attribute!);
  return found;
}
