import type { CellOrder } from "../../../core/contract.js";
import type { Notebook } from "../../notebook.js";
import { orderInWords } from "../../order/words.js";
import { originOf } from "../origin.js";
import { type Unmet, unmetNames } from "../unmet.js";
import { type Checked, type Problem, problemAt, problemOverall } from "./problem.js";

/** Names used before anything defines them: state that was in the author's kernel and is in no cell above. */
export function hiddenState(checked: Checked, notebook: Notebook, refused: string | null): Problem[] {
  const { cells, flow, needed } = checked;
  return firstUses(checked).map((unmet) => {
    const { cell, statement, name, node, inCall, guarded } = unmet;
    const later = definedLater(checked, unmet);
    const where = later === undefined ? "never defined" : `defined only later (cell ${later.cell}, line ${later.line})`;
    const why =
      later === undefined || refused === null || later.cell === cell.cell ? "" : `; no other order is sure: ${refused}`;
    return problemAt(cell, node.start, {
      code: "IAPP_NOTEBOOK_HIDDEN_STATE",
      level: needed(statement) && !guarded ? "error" : "warning",
      message: `\`${name}\` is ${inCall ? "needed by a function called" : "used"} here and ${where}${why}`,
      remedy: remedyFor(unmet, later?.cell, () => originOf(name, cell, { cells, flow, notebook })),
    });
  });
}

/** What is told when a run fails for lack of a name: by name, where it was probably meant to come from and what to do. */
export function missingNames(checked: Checked, notebook: Notebook, refused: string | null): Record<string, string> {
  const { cells, flow } = checked;
  return Object.fromEntries(
    firstUses(checked).flatMap((unmet) => {
      const later = definedLater(checked, unmet);
      if (later?.cell === unmet.cell.cell) return [];
      const { name, cell } = unmet;
      const what =
        later === undefined
          ? `'${name}' is defined nowhere in the notebook. `
          : `'${name}' is first defined in cell ${later.cell}, further down${refused === null ? "" : ` (no other order is sure: ${refused})`}. `;
      return [[name, what + remedyFor(unmet, later?.cell, () => originOf(name, cell, { cells, flow, notebook }))]];
    }),
  );
}

function remedyFor({ name, cell }: Unmet, later: number | undefined, origin: () => string): string {
  if (later === undefined) return origin();
  if (later === cell.cell) return `Define \`${name}\` above this line.`;
  return `Move cell ${later} above cell ${cell.cell}.`;
}

function firstUses({ cells, flow }: Checked): Unmet[] {
  const seen = new Set<string>();
  return unmetNames(cells, flow).filter(({ name }) => !seen.has(name) && seen.add(name));
}

function definedLater({ flow }: Checked, { statement, name }: Unmet): Checked["flow"][number] | undefined {
  return flow.find((one) => one.index > statement.index && one.names.binds.has(name));
}

/** That cells are run in another order than they stand; else that the outputs in the file came from another one. */
export function orderProblems({ cells }: Checked, order: CellOrder | null): Problem[] {
  if (order === null) return countOrder(cells);
  return orderInWords(order).map(({ cell, text }) => ({
    code: "IAPP_NOTEBOOK_ORDER",
    level: "warning",
    cell,
    line: null,
    column: null,
    message: text,
    remedy: "Move the cells, so that the notebook runs from top to bottom.",
  }));
}

/** Saved execution counts that do not grow: the outputs in the file came from another order than top to bottom. */
function countOrder(cells: Checked["cells"]): Problem[] {
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
