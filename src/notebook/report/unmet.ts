import type { AnalysedCell } from "../analysis.js";
import type { Node } from "../python/tree.js";
import { isBuiltin } from "./builtins.js";
import type { FlowStatement } from "./flow.js";
import { bringsUnseenNames } from "./imports.js";

/** A name that a statement uses before any statement that runs earlier gives it. */
export interface Unmet {
  cell: AnalysedCell;
  statement: FlowStatement;
  name: string;
  node: Node;
  /** Not read by the statement itself but by a function of the notebook that it calls. */
  inCall: boolean;
  /** Inside `try`, under a condition, or in a loop that binds it as well: the name may never be asked for before it is there. */
  guarded: boolean;
}

/** All uses of names that are not there yet, with the cells in the order in which they run and `flow` in that order. */
export function unmetNames(cells: readonly AnalysedCell[], flow: readonly FlowStatement[]): Unmet[] {
  const defined = new Set<string>();
  const found: Unmet[] = [];
  for (const cell of cells) {
    // From here on any name may be there: nothing can be told.
    if (bringsUnseenNames(cell)) break;
    for (const { assigns } of cell.masked.magics)
      for (const name of assigns?.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []) defined.add(name);
    for (const statement of flow.filter((one) => one.cell === cell.cell)) {
      const { names } = statement;
      const read = new Map<string, Node>(names.exposed);
      const called = [...statement.uses.keys()].filter((name) => !read.has(name) && !names.mutates.has(name));
      for (const name of called) read.set(name, statement.node);
      for (const [name, node] of read) {
        if (defined.has(name) || isBuiltin(name)) continue;
        const { type } = statement.node;
        const guarded =
          /^(try|if|while)_statement$/.test(type) || (/^(for|with)_statement$/.test(type) && names.binds.has(name));
        found.push({ cell, statement, name, node, inCall: called.includes(name), guarded });
      }
      for (const name of [...names.binds, ...names.bindsWhenCalled]) defined.add(name);
      if (statement.node.type === "delete_statement") for (const name of names.deletes) defined.delete(name);
    }
  }
  return found;
}
