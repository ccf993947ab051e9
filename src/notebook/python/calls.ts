import { rootOf } from "./roots.js";
import { child, type Node, type Tree, textOf } from "./tree.js";

export interface Call {
  node: Node;
  /** The function with imported names resolved: `pandas.read_csv`, `sklearn.datasets.load_iris`, `model.fit`. */
  callee: string;
  /** Its last part. */
  method: string;
  /** What the method is called on, or null for a plain function. */
  receiver: Node | null;
  /** The name at the root of the receiver, where there is one. */
  root: string | null;
  args: Node[];
  keywords: Map<string, Node>;
  /** The function of the notebook whose body it stands in (methods: `Class.method`), or null. */
  within: string | null;
}

/** Local name to what it was imported as: `pd` -> `pandas`, `train_test_split` -> `sklearn.model_selection.train_test_split`. */
export type ImportNames = ReadonlyMap<string, string>;

/** All calls below a node, outermost first. */
export function callsOf(tree: Tree, node: Node, imports: ImportNames): Call[] {
  const found: Call[] = [];
  const visit = (at: Node, within: string | null): void => {
    if (at.type === "call") found.push(callOf(tree, at, imports, within));
    const name = /^(function|class)_definition$/.test(at.type) ? child(at, "name") : undefined;
    const inside =
      name === undefined ? within : within === null ? textOf(tree, name) : `${within}.${textOf(tree, name)}`;
    for (const one of at.children) visit(one, one.field === "body" ? inside : within);
  };
  visit(node, null);
  return found;
}

function callOf(tree: Tree, node: Node, imports: ImportNames, within: string | null): Call {
  const callee = child(node, "function")!;
  const args: Node[] = [];
  const keywords = new Map<string, Node>();
  const list = child(node, "arguments");
  for (const one of list?.type === "argument_list" ? list.children : list === undefined ? [] : [list]) {
    const name = one.type === "keyword_argument" ? child(one, "name") : undefined;
    if (name === undefined) args.push(one);
    else keywords.set(textOf(tree, name), child(one, "value")!);
  }
  const receiver = callee.type === "attribute" ? (child(callee, "object") ?? null) : null;
  const root = receiver === null ? null : rootOf(receiver);
  const name = dottedName(tree, callee, imports);
  return {
    node,
    callee: name,
    method: name.slice(name.lastIndexOf(".") + 1),
    receiver,
    root: root === null ? null : textOf(tree, root),
    args,
    keywords,
    within,
  };
}

/** `pd.io.x` as text with its first name resolved; calls and items within are left out (`f().x` -> `().x`). */
export function dottedName(tree: Tree, node: Node, imports: ImportNames): string {
  if (node.type === "identifier") {
    const name = textOf(tree, node);
    return imports.get(name) ?? name;
  }
  if (node.type === "attribute") {
    const attribute = child(node, "attribute");
    return `${dottedName(tree, child(node, "object")!, imports)}.${attribute === undefined ? "" : textOf(tree, attribute)}`;
  }
  if (node.type === "subscript") return `${dottedName(tree, child(node, "value")!, imports)}[]`;
  return "()";
}

/** The names and the value of a plain assignment statement, or null. Chains give all their names. */
export function assignmentOf(tree: Tree, statement: Node): { targets: (string | null)[]; value: Node } | null {
  let at: Node | undefined = statement.type === "expression_statement" ? statement.children[0] : undefined;
  const targets: (string | null)[] = [];
  while (at?.type === "assignment") {
    const left = child(at, "left");
    const parts =
      left === undefined ? [] : /^(pattern_list|tuple_pattern|list_pattern)$/.test(left.type) ? left.children : [left];
    for (const part of parts) targets.push(part.type === "identifier" ? textOf(tree, part) : null);
    at = child(at, "right");
  }
  return targets.length === 0 || at === undefined ? null : { targets, value: at };
}
