import type { Node } from "../../python/tree.js";
import { isBuiltin } from "../builtins.js";
import { bringsUnseenNames } from "../imports.js";
import { type Checked, type Problem, problemAt, problemOverall } from "./problem.js";

/** Names used before anything defines them: state that was in the author's kernel and is in no cell above. */
export function hiddenState({ cells, flow, needed }: Checked): Problem[] {
  const defined = new Set<string>();
  const reported = new Set<string>();
  const problems: Problem[] = [];
  let unseen = false;
  for (const cell of cells) {
    if (cell.directives.includes("skip")) continue;
    unseen ||= bringsUnseenNames(cell);
    for (const { assigns } of cell.masked.magics)
      for (const name of assigns?.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []) defined.add(name);
    for (const statement of flow.filter((one) => one.cell === cell.cell)) {
      const { names } = statement;
      const read = new Map<string, Node>(names.exposed);
      const called = [...statement.uses.keys()].filter((name) => !read.has(name) && !names.mutates.has(name));
      for (const name of called) read.set(name, statement.node);
      for (const [name, node] of read) {
        if (unseen || defined.has(name) || isBuiltin(name) || reported.has(name)) continue;
        reported.add(name);
        const later = flow.find((one) => one.index > statement.index && one.names.binds.has(name));
        const inCall = called.includes(name);
        const where =
          later === undefined ? "never defined" : `defined only later (cell ${later.cell}, line ${later.line})`;
        problems.push(
          problemAt(cell, node.start, {
            code: "IAPP_NOTEBOOK_HIDDEN_STATE",
            level: needed(statement) && !isGuarded(statement.node) ? "error" : "warning",
            message: `\`${name}\` is ${inCall ? "needed by a function called" : "used"} here and ${where}`,
            remedy:
              later === undefined
                ? `Define \`${name}\` in a cell above this one.`
                : `Move cell ${later.cell} above this one.`,
          }),
        );
      }
      for (const name of [...names.binds, ...names.bindsWhenCalled]) defined.add(name);
      if (statement.node.type === "delete_statement") for (const name of names.deletes) defined.delete(name);
    }
  }
  return problems;
}

/** Inside `try`, or under a condition, the name may never be asked for. */
function isGuarded(node: Node): boolean {
  return /^(try|if|while)_statement$/.test(node.type);
}

/** Saved execution counts that do not grow: the outputs in the file came from another order than top to bottom. */
export function countOrder({ cells }: Checked): Problem[] {
  const counted = cells.filter((cell) => cell.notebookCell.executionCount !== null);
  for (let i = 1; i < counted.length; i++) {
    const [before, after] = [counted[i - 1]!, counted[i]!];
    if (after.notebookCell.executionCount! <= before.notebookCell.executionCount!) {
      return [
        problemOverall({
          code: "IAPP_NOTEBOOK_ORDER",
          level: "warning",
          message:
            `the saved outputs come from another order: cell ${after.cell} ran as number ${after.notebookCell.executionCount}, ` +
            `cell ${before.cell} above it as number ${before.notebookCell.executionCount}`,
          remedy: "iapp runs the cells from top to bottom; restart the kernel and run all to see what that gives.",
        }),
      ];
    }
  }
  return [];
}
