import type { AnalysedCell } from "./analysis.js";
import { child, type Node, type Tree, textOf, walk } from "./python/tree.js";
import { linesOf } from "./report/stored-text.js";

/** A line that a cell has printed or that was typed in it. */
export interface StoredLine {
  text: string;
  /** Of the stream that newer front ends keep for what was asked and typed. */
  typed: boolean;
}

/** Lines in which answers to `input()` may be found, by cell; empty where nothing asks. */
export function storedLines(cells: readonly AnalysedCell[]): Record<string, StoredLine[]> {
  if (!cells.some(({ tree }) => asksIn(tree, tree.root).length > 0)) return {};
  const found = cells.map(({ cell, notebookCell }): [string, StoredLine[]] => {
    const streams = notebookCell.outputs.filter(
      ({ output_type, name }) => output_type === "stream" && (name === "stdout" || name === "stdin"),
    );
    return [
      String(cell),
      streams.flatMap((one) => linesOf(one).map((text) => ({ text, typed: one.name === "stdin" }))),
    ];
  });
  return Object.fromEntries(found.filter(([, lines]) => lines.length > 0));
}

/** Calls of `input()` below a node. */
export function asksIn(tree: Tree, node: Node): Node[] {
  return [...walk(node)].filter(
    (one) => one.type === "call" && /^(builtins\.)?input$/.test(textOf(tree, child(one, "function") ?? one)),
  );
}

/** Whether a question with this prompt is answered in the lines, and how. The runtime reads them by the same rule, one after the other. */
export function answerIn(lines: readonly StoredLine[], prompt: string): string | null {
  const shown = prompt.split("\n").at(-1)!;
  const line = lines.find(({ text, typed }) => text.startsWith(shown) && (shown !== "" || typed));
  if (line === undefined) return null;
  const answer = line.text.slice(shown.length);
  return line.typed ? answer.replace(/^ /, "") : answer;
}
