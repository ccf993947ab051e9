import { asksIn } from "./answers.js";
import { type LiteralKind, literalKind } from "./python/literals.js";
import { child, type Node, type Tree, textOf, walk } from "./python/tree.js";
import { Offsets } from "./text.js";

/** A top-level assignment `NAME = value` that a parameter can replace. */
export interface Constant {
  name: string;
  cell: number;
  line: number;
  /** Null when the value is computed. */
  kind: LiteralKind | null;
  /** The value as written. */
  text: string;
  /** The right-hand side, or the `input()` in it, in indices of the masked source. */
  start: number;
  end: number;
  /** In a cell with the tag `parameters`. */
  tagged: boolean;
  /** The name is also bound by something else (a loop, `+=`, an import, inside an `if`). */
  rebound: boolean;
}

/** All top-level assignments of one cell with a single plain name on the left. */
export function constantsOf(tree: Tree, cell: number, tagged: boolean): Constant[] {
  const offsets = new Offsets(tree.source);
  const found: Constant[] = [];
  for (const statement of tree.root.children) {
    const assignment = statement.type === "expression_statement" ? statement.children[0] : undefined;
    if (assignment?.type !== "assignment" || statement.children.length !== 1) continue;
    const left = child(assignment, "left");
    const right = child(assignment, "right");
    if (left?.type !== "identifier" || right === undefined || right.type === "assignment") continue;
    const asks = asksIn(tree, right);
    // Of `int(input("..."))` only the answer is replaced, by the text that a person would have typed.
    const value = asks.length === 1 ? asks[0]! : right;
    found.push({
      name: textOf(tree, left),
      cell,
      line: offsets.line(left.start),
      kind: asks.length === 1 ? "string" : literalKind(right),
      text: textOf(tree, value),
      start: value.start,
      end: value.end,
      tagged,
      rebound: false,
    });
  }
  return found;
}

const ENVIRONMENT = /(?:^|\.)(?:environ\.get|getenv|environ\.setdefault|environ\.pop)$/;

/** Names of environment variables read by `os.environ["X"]`, `os.environ.get("X")`, `os.getenv("X")`, with where. */
export function environmentReads(
  tree: Tree,
  value: (node: Node | undefined) => string | null,
): { name: string; node: Node }[] {
  const found: { name: string; node: Node }[] = [];
  for (const node of walk(tree.root)) {
    let name: string | null = null;
    if (node.type === "call" && ENVIRONMENT.test(textOf(tree, child(node, "function") ?? node))) {
      name = value(child(node, "arguments")?.children[0]);
    } else if (node.type === "subscript" && node.field !== "left") {
      const of = child(node, "value");
      if (of !== undefined && /(?:^|\.)environ$/.test(textOf(tree, of))) name = value(child(node, "subscript"));
    }
    if (name !== null) found.push({ name, node });
  }
  return found;
}
