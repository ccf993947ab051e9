import type { AnalysedCell } from "../../analysis.js";
import type { FlowStatement } from "../flow.js";

export interface Problem {
  /** Stable: `IAPP_NOTEBOOK_*`. */
  code: string;
  /** An `error` prevents a deploy. */
  level: "error" | "warning" | "info";
  cell: number | null;
  /** 1-based, in the cell. */
  line: number | null;
  /** 0-based, in UTF-8 bytes. */
  column: number | null;
  message: string;
  remedy: string | null;
}

/** What every check is given. */
export interface Checked {
  cells: readonly AnalysedCell[];
  flow: readonly FlowStatement[];
  /** Whether training or scoring needs the statement. */
  needed: (statement: FlowStatement) => boolean;
}

type Said = Pick<Problem, "code" | "level" | "message"> & { remedy?: string };

/** A problem at an index of a cell's masked source. */
export function problemAt(cell: AnalysedCell, index: number, { remedy, ...said }: Said): Problem {
  const { offsets } = cell;
  return { ...said, cell: cell.cell, line: offsets.line(index), column: offsets.column(index), remedy: remedy ?? null };
}

export function problemOverall({ remedy, ...said }: Said): Problem {
  return { ...said, cell: null, line: null, column: null, remedy: remedy ?? null };
}
