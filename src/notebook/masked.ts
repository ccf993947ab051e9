import type { Directive } from "../core/contract.js";
import { directivesOf } from "./directives.js";
import { type MaskedCell, maskCell } from "./magics.js";
import type { CodeCell, Notebook } from "./notebook.js";
import type { PythonParser } from "./python/parser.js";
import type { Tree } from "./python/tree.js";
import { Offsets } from "./text.js";

/** A code cell as both the program and the report look at it. */
export interface AnalysedCell {
  notebookCell: CodeCell;
  cell: number;
  masked: MaskedCell;
  directives: Directive[];
  tree: Tree;
  /** Of the masked source, to which all indices in `tree` belong. */
  offsets: Offsets;
}

/** Masks and parses every code cell. */
export function analyse(notebook: Notebook, parser: PythonParser): AnalysedCell[] {
  return notebook.code.map((notebookCell) => {
    const masked = maskCell(notebookCell.source);
    const directives = directivesOf(notebookCell, masked);
    const tree = parser.parse(masked.source);
    return { notebookCell, cell: notebookCell.cell, masked, directives, tree, offsets: new Offsets(masked.source) };
  });
}
