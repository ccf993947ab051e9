import type { CellOrder } from "../../core/contract.js";
import type { AnalysedCell } from "../analysis.js";
import { clashIn, needsMet, type Seen } from "./clash.js";
import { countOf, evidenceFor } from "./evidence.js";
import type { Look, LookAt } from "./look.js";
import { movedUp } from "./moves.js";
import { binds, type Need, needsIn } from "./needs.js";

export type { Look } from "./look.js";

export interface RunOrder<T extends Look> {
  /** The cells as they are run, with what is seen of them in that order. */
  cells: readonly AnalysedCell[];
  look: T;
  /** Null: from top to bottom. */
  order: CellOrder | null;
  /** Why cells that would have to run in another order are not. */
  refused: string | null;
}

/**
 * The order in which cells are run: from top to bottom, unless that leaves what the model needs undefined and there is exactly one order,
 * supported by what is stored in the file, that does not.
 */
export function runOrder<T extends Look>(cells: readonly AnalysedCell[], lookAt: LookAt<T>): RunOrder<T> {
  const file = { cells, look: lookAt(cells) };
  const needs = needsIn(cells, file.look);
  const asItStands = { ...file, order: null, refused: null };
  if (needs.length === 0) return asItStands;
  const found = movedUp(cells, lookAt);
  const moved = "circle" in found ? null : { cells: found.order, look: lookAt(found.order) };
  const clash = moved === null && "circle" in found ? eachOther(found.circle) : clashIn(file, moved!);
  if (moved !== null && clash === null) return accepted(file, moved, "dependencies");
  const counted = byCounts(cells);
  if (counted !== null) {
    const seen = { cells: counted, look: lookAt(counted) };
    const ran = needs.every((need) => evidenceFor(need).supports);
    if (ran && needsIn(counted, seen.look).length === 0) return accepted(file, seen, "counts");
  }
  return { ...asItStands, refused: clash };
}

function eachOther({ user, definer }: Need): string {
  const [one, other] = [user.cell, definer.cell].sort((a, b) => a - b);
  return `cells ${one} and ${other} each need what the other defines`;
}

/** The order in which the cells last ran in the author's kernel, where the file has it for every cell with code. */
function byCounts(cells: readonly AnalysedCell[]): AnalysedCell[] | null {
  const counted = cells.filter((cell) => cell.statements.length > 0);
  const counts = counted.map(countOf);
  if (counts.includes(null) || new Set(counts).size < counts.length) return null;
  const sorted = [...counted].sort((a, b) => countOf(a)! - countOf(b)!);
  return [...sorted, ...cells.filter((cell) => cell.statements.length === 0)];
}

function accepted<T extends Look>(file: Seen, moved: Seen & { look: T }, by: CellOrder["by"]): RunOrder<T> {
  const needs = by === "counts" ? needsIn(file.cells, file.look) : needsMet(file, moved);
  const moves = needs.map(({ user, definer, names }) => ({
    cell: definer.cell,
    before: user.cell,
    names: names.filter((name) => binds(definer, name)),
    evidence: evidenceFor({ user, definer, names }).text,
  }));
  // A cell that only comes along is told of once.
  const told = moves.filter(
    ({ names, cell }) => names.length > 0 || !moves.some((m) => m.cell === cell && m.names.length > 0),
  );
  const order: CellOrder = { cells: moved.cells.map(({ cell }) => cell), by, moves: told };
  return { cells: moved.cells, look: moved.look, order, refused: null };
}
