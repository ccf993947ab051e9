import { bindPattern, bindTarget } from "./bindings.js";
import { visitFunction, visitLambda } from "./functions.js";
import { mutationOf } from "./mutations.js";
import { Scope } from "./scope.js";
import { child, childrenOf, type Node, type Tree } from "./tree.js";
import { type StatementNames, typeParameters, Visit } from "./visit.js";

/** The names of a top-level statement. */
export function namesOf(tree: Tree, statement: Node): StatementNames {
  const walk = new Visit(tree, visit);
  const scope = new Scope("module", null);
  walk.visit(scope, statement);
  const { names } = walk;
  for (const [name, node] of scope.reads) names.reads.set(name, node);
  for (const name of scope.binds) names.binds.add(name);
  for (const name of scope.globalBinds) names.bindsWhenCalled.add(name);
  for (const [name, node] of scope.mutates) names.mutates.set(name, node);
  return names;
}

function visit(walk: Visit, scope: Scope, node: Node): void {
  const handler = HANDLERS[node.type];
  if (handler === undefined) walk.all(scope, node.children);
  else handler(walk, scope, node);
}

type Handler = (walk: Visit, scope: Scope, node: Node) => void;

const comprehension: Handler = (walk, scope, node) => {
  const clauses = node.children.filter((one) => one.type === "for_in_clause");
  const inner = new Scope("comprehension", scope);
  // The first iterable is evaluated outside.
  const first = child(clauses[0] ?? node, "right");
  walk.all(scope, childrenOf(clauses[0] ?? node, "right"));
  for (const part of node.children) {
    if (part.field === "body") continue;
    if (part.type !== "for_in_clause") walk.visit(inner, part);
    else {
      walk.all(
        inner,
        childrenOf(part, "right").filter((one) => one !== first),
      );
      for (const left of childrenOf(part, "left")) bindTarget(walk, inner, left);
    }
  }
  walk.all(inner, childrenOf(node, "body"));
  const free = inner.free();
  for (const [name, one] of free.reads) walk.read(scope.kind === "class" ? scope.parent! : scope, name, one);
  scope.take({ ...free, reads: new Map() }, false);
};

const HANDLERS: Record<string, Handler> = {
  identifier: (walk, scope, node) => walk.read(scope, walk.text(node), node),
  attribute: (walk, scope, node) => walk.all(scope, childrenOf(node, "object")),
  keyword_argument: (walk, scope, node) => walk.all(scope, childrenOf(node, "value")),
  call(walk, scope, node) {
    walk.all(scope, node.children);
    const changed = mutationOf(walk.tree, node);
    if (changed !== null) scope.mutate(walk.text(changed), changed);
  },
  assignment(walk, scope, node) {
    const right = childrenOf(node, "right");
    const lambda = right[0]?.type === "lambda" && scope.kind === "module";
    if (lambda) visitLambda(walk, scope, right[0]!, walk.text(child(node, "left")!));
    else walk.all(scope, right);
    walk.all(scope, childrenOf(node, "type"));
    // `x: int` alone declares and binds nothing.
    if (right.length > 0) for (const left of childrenOf(node, "left")) bindTarget(walk, scope, left);
  },
  augmented_assignment(walk, scope, node) {
    walk.all(scope, node.children);
    for (const left of childrenOf(node, "left")) bindTarget(walk, scope, left, false);
  },
  named_expression(walk, scope, node) {
    walk.all(scope, childrenOf(node, "value"));
    const name = child(node, "name");
    if (name !== undefined) walk.bind(scope.binder, walk.text(name));
  },
  for_statement(walk, scope, node) {
    walk.all(scope, childrenOf(node, "right"));
    for (const left of childrenOf(node, "left")) bindTarget(walk, scope, left);
    walk.all(scope, [...childrenOf(node, "body"), ...childrenOf(node, "alternative")]);
  },
  if_statement(walk, scope, node) {
    walk.all(scope, childrenOf(node, "condition"));
    const before = new Set(walk.bound);
    const after = new Set(before);
    for (const part of node.children) {
      if (part.field === "condition") continue;
      for (const name of walk.branch(scope, before, [part])) after.add(name);
    }
    walk.bound = after;
  },
  list_comprehension: comprehension,
  set_comprehension: comprehension,
  dictionary_comprehension: comprehension,
  generator_expression: comprehension,
  lambda: (walk, scope, node) => visitLambda(walk, scope, node, null),
  function_definition: visitFunction,
  class_definition(walk, scope, node) {
    walk.all(scope, childrenOf(node, "superclasses"));
    const inner = new Scope("class", scope);
    for (const name of typeParameters(walk, node)) inner.bind(name);
    walk.all(inner, childrenOf(node, "body"));
    const free = inner.free();
    for (const [name, one] of free.reads) walk.read(scope, name, one);
    scope.take({ ...free, reads: new Map() }, false);
    bindTarget(walk, scope, child(node, "name")!);
  },
  import_statement(walk, scope, node) {
    for (const one of node.children) walk.bind(scope, importedName(walk, one).split(".")[0]!);
  },
  import_from_statement: fromImport,
  future_import_statement: fromImport,
  global_statement(walk, scope, node) {
    for (const one of node.children) if (scope.kind !== "module") scope.globals.add(walk.text(one));
  },
  nonlocal_statement(walk, scope, node) {
    for (const one of node.children) scope.nonlocals.add(walk.text(one));
  },
  as_pattern(walk, scope, node) {
    for (const one of node.children) {
      if (one.type === "as_pattern_target") for (const target of one.children) bindTarget(walk, scope, target);
      else walk.visit(scope, one);
    }
  },
  case_clause(walk, scope, node) {
    for (const one of node.children) {
      if (one.type === "case_pattern") bindPattern(walk, scope, one);
      else walk.visit(scope, one);
    }
  },
  delete_statement(walk, scope, node) {
    const targets = node.children.flatMap((one) => (/list|tuple|parenthesized/.test(one.type) ? one.children : [one]));
    for (const target of targets) {
      if (target.type === "identifier") {
        scope.bind(walk.text(target));
        if (scope.kind === "module") walk.names.deletes.add(walk.text(target));
      } else bindTarget(walk, scope, target);
    }
  },
  type_alias_statement(walk, scope, node) {
    const left = child(node, "left");
    const name = /^\s*([\p{L}_][\p{L}\p{N}_]*)/u.exec(left === undefined ? "" : walk.text(left))?.[1];
    walk.all(scope, childrenOf(node, "right"));
    if (name !== undefined) walk.bind(scope, name);
    // The grammar takes `type(x).y = z` for an alias.
    else if (left !== undefined) walk.all(scope, left.children);
  },
};

function fromImport(walk: Visit, scope: Scope, node: Node): void {
  const module = child(node, "module_name");
  for (const one of node.children) {
    if (one.field === "name") walk.bind(scope, importedName(walk, one));
    else if (one.type === "wildcard_import" && module !== undefined) walk.names.stars.push(walk.text(module));
  }
}

function importedName(walk: Visit, node: Node): string {
  return walk.text((node.type === "aliased_import" ? child(node, "alias") : undefined) ?? node);
}
