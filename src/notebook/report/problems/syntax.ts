import type { AnalysedCell } from "../../analysis.js";
import { type Node, walk } from "../../python/tree.js";
import { type Checked, type Problem, problemAt } from "./problem.js";

/** Cells that are not Python 3, each with its first place. The kernel's own compiler has the last word. */
export function syntaxProblems({ cells }: Checked): Problem[] {
  return cells.flatMap((cell) => {
    if (cell.masked.opaque) return [];
    const old = python2(cell);
    if (old !== null) {
      return problemAt(cell, old.start, {
        code: "IAPP_NOTEBOOK_PYTHON2",
        level: "error",
        message: "this is Python 2",
        remedy: "Turn it into Python 3 once: 2to3, or python-modernize.",
      });
    }
    const fault = cell.tree.faults[0];
    if (fault === undefined) return [];
    const line = lineAt(cell.tree.source, fault.index);
    const what = fault.missing === null ? "" : `, "${fault.missing}" is missing`;
    return problemAt(cell, fault.index, {
      code: "IAPP_NOTEBOOK_SYNTAX",
      level: "error",
      message: `this is not valid Python${what}: ${line}`,
      remedy: "Correct or remove the cell, or leave it out with a comment: # iapp: skip",
    });
  });
}

/** `print x`, `exec "x"`, `except E, e`. */
function python2(cell: AnalysedCell): Node | null {
  for (const node of walk(cell.tree.root)) {
    if (node.type === "print_statement" || node.type === "exec_statement") return node;
    if (node.type === "except_clause" && node.children.filter((one) => one.field === "value").length > 1) return node;
  }
  return null;
}

function lineAt(source: string, index: number): string {
  const start = source.lastIndexOf("\n", index - 1) + 1;
  const end = source.indexOf("\n", index);
  const line = source.slice(start, end < 0 ? undefined : end).trim();
  return line.length > 60 ? `${line.slice(0, 60)}...` : line;
}
