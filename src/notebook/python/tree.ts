/** A named node of the syntax tree, copied out of the parser: reading it costs nothing. Indices are of the JavaScript string. */
export interface Node {
  type: string;
  /** Name of the parent's field that holds it, or null. */
  field: string | null;
  start: number;
  end: number;
  children: Node[];
}

export interface SyntaxFault {
  index: number;
  /** What the parser expected, where it says so. */
  missing: string | null;
}

export interface Tree {
  source: string;
  root: Node;
  /** In order; empty when the text is Python as far as the grammar can see. */
  faults: SyntaxFault[];
}

export function child(node: Node, field: string): Node | undefined {
  return node.children.find((one) => one.field === field);
}

export function childrenOf(node: Node, field: string): Node[] {
  return node.children.filter((one) => one.field === field);
}

export function textOf(tree: Tree, node: Node): string {
  return tree.source.slice(node.start, node.end);
}

/** The node and all below it, parents first. */
export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const one of node.children) yield* walk(one);
}
