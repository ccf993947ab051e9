import type { Directive } from "../core/contract.js";
import { directivesOf } from "./directives.js";
import { type MaskedCell, maskCell } from "./magics.js";
import type { CodeCell, Notebook } from "./notebook.js";
import { namesOf } from "./python/names.js";
import type { PythonParser } from "./python/parser.js";
import type { Node, Tree } from "./python/tree.js";
import type { StatementNames } from "./python/visit.js";
import { Offsets } from "./text.js";

/** A top-level statement and its names. */
export interface Statement {
  cell: number;
  /** 1-based line in its cell. */
  line: number;
  node: Node;
  names: StatementNames;
}

/** A code cell as both the program and the report look at it. */
export interface AnalysedCell {
  notebookCell: CodeCell;
  cell: number;
  masked: MaskedCell;
  directives: Directive[];
  tree: Tree;
  /** Of the masked source, to which all indices in `tree` belong. */
  offsets: Offsets;
  statements: Statement[];
}

/** Masks and parses every code cell. */
export function analyse(notebook: Notebook, parser: PythonParser): AnalysedCell[] {
  return notebook.code.map((notebookCell) => {
    const masked = maskCell(notebookCell.source);
    const directives = directivesOf(notebookCell, masked);
    const tree = parser.parse(masked.source);
    const { cell } = notebookCell;
    const offsets = new Offsets(masked.source);
    const statements = tree.root.children.map((node) => {
      return { cell, line: offsets.line(node.start), node, names: namesOf(tree, node) };
    });
    return { notebookCell, cell, masked, directives, tree, offsets, statements };
  });
}
