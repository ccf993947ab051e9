import { assignmentOf, dottedName, type ImportNames } from "../python/calls.js";
import { rootOf } from "../python/roots.js";
import { type Node, type Tree, textOf } from "../python/tree.js";

/** Names bound by `name = Class(...)` anywhere in the statement (functions' own names are theirs). */
export function classesIn(tree: Tree, node: Node, imports: ImportNames): [string, string][] {
  const found: [string, string][] = [];
  const visit = (at: Node): void => {
    if (/^(function|class)_definition$/.test(at.type)) return;
    if (at.type === "expression_statement") {
      const assignment = assignmentOf(tree, at);
      const [target] = assignment?.targets ?? [];
      if (assignment !== null && assignment.targets.length === 1 && typeof target === "string") {
        const made = madeBy(tree, assignment.value, imports);
        if (made !== null) found.push([target, made]);
      }
    }
    for (const one of at.children) visit(one);
  };
  visit(node);
  return found;
}

/** `Class(...)` and `Class(...).fit(...)` give the class's full name; other expressions null. */
export function madeBy(tree: Tree, value: Node, imports: ImportNames): string | null {
  let at: Node | undefined = value;
  while (at?.type === "call") {
    const callee: Node | undefined = at.children.find((one) => one.field === "function");
    if (callee?.type !== "attribute" || rootOf(callee) !== null) {
      const name = callee === undefined ? "" : dottedName(tree, callee, imports);
      const last = name.slice(name.lastIndexOf(".") + 1);
      return /^[A-Z]/.test(last) ||
        /^make_(pipeline|column_transformer|union)$/.test(last) ||
        // Without a module it is a function of the notebook that happens to be called so.
        /\.(train|ols|logit)$/.test(name)
        ? name
        : null;
    }
    at = callee.children.find((one) => one.field === "object");
  }
  return null;
}

/** Names read in an expression, each once. */
export function identifiersIn(tree: Tree, node: Node): string[] {
  const found = new Set<string>();
  const visit = (at: Node): void => {
    if (at.type === "identifier" && at.field !== "attribute") found.add(textOf(tree, at));
    for (const one of at.children) if (!(at.type === "keyword_argument" && one.field === "name")) visit(one);
  };
  visit(node);
  return [...found];
}
