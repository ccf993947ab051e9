import type { AnalysedCell } from "../analysis.js";
import type { DataFile } from "../report/data-files.js";
import type { Facts } from "../report/facts.js";
import type { FlowStatement } from "../report/flow.js";

/** What is seen of a notebook when its cells run in some order. */
export interface Look {
  flow: FlowStatement[];
  facts: Facts;
  files: DataFile[];
  /** Whether training or scoring needs the statement. */
  needed: (statement: FlowStatement) => boolean;
}

export type LookAt<T extends Look> = (cells: readonly AnalysedCell[]) => T;
