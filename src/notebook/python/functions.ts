import { bindTarget } from "./bindings.js";
import { Scope } from "./scope.js";
import { child, childrenOf, type Node } from "./tree.js";
import { type FunctionNames, typeParameters, type Visit } from "./visit.js";

interface Parameter {
  name: string;
  node: Node;
}

/** The parameters of a function or lambda, in order, without their stars. */
export function functionParameters(walk: Visit, node: Node): Parameter[] {
  const found: Parameter[] = [];
  const add = (one: Node): void => {
    if (one.type === "identifier") found.push({ name: walk.text(one), node: one });
    else if (/^(list|dictionary)_splat_pattern$|^tuple_pattern$/.test(one.type)) one.children.forEach(add);
    else if (one.type === "typed_parameter") add(one.children[0] ?? one);
    else if (/^(typed_)?default_parameter$/.test(one.type)) add(child(one, "name") ?? one);
  };
  for (const one of child(node, "parameters")?.children ?? []) add(one);
  return found;
}

/** `def`: defaults and annotations are evaluated now, the body when it is called. */
export function visitFunction(walk: Visit, scope: Scope, node: Node): void {
  visitDefaults(walk, scope, node);
  walk.all(scope, childrenOf(node, "return_type"));
  const name = child(node, "name")!;
  const inner = bodyScope(walk, scope, node);
  bindTarget(walk, scope, name);
  leave(walk, scope, inner, node, walk.text(name));
}

/** A lambda that is given a name is called later; one that is passed on is taken to be called by the statement. */
export function visitLambda(walk: Visit, scope: Scope, node: Node, name: string | null): void {
  visitDefaults(walk, scope, node);
  const inner = bodyScope(walk, scope, node);
  if (name !== null) {
    leave(walk, scope, inner, node, name);
    return;
  }
  const free = inner.free();
  const into = scope.kind === "class" ? scope.parent! : scope;
  for (const [read, one] of free.reads) walk.read(into, read, one);
  scope.take({ ...free, reads: new Map() }, false);
}

function visitDefaults(walk: Visit, scope: Scope, node: Node): void {
  for (const one of child(node, "parameters")?.children ?? [])
    walk.all(scope, [...childrenOf(one, "type"), ...childrenOf(one, "value")]);
}

function bodyScope(walk: Visit, scope: Scope, node: Node): Scope {
  const inner = new Scope("function", scope);
  for (const name of typeParameters(walk, node)) inner.bind(name);
  for (const { name } of functionParameters(walk, node)) inner.bind(name);
  walk.all(inner, childrenOf(node, "body"));
  return inner;
}

/** At the top level the body's reads are kept apart, since they happen at the call. */
function leave(walk: Visit, scope: Scope, inner: Scope, node: Node, name: string): void {
  const free = inner.free();
  const module = topLevel(scope);
  if (module === null) {
    scope.take(free, false);
    return;
  }
  const parameters = functionParameters(walk, node).map((one) => one.name);
  for (const [read, one] of free.reads) if (!walk.names.deferred.has(read)) walk.names.deferred.set(read, one);
  for (const bound of free.binds) module.globalBinds.add(bound);
  const key = scope.kind === "class" ? `.${name}` : name;
  const names: FunctionNames = {
    parameters,
    reads: new Set(free.reads.keys()),
    mutates: new Set([...free.mutates.keys(), ...free.binds]),
    mutatesParameters: new Set(parameters.filter((one) => inner.mutates.has(one))),
  };
  walk.names.functions.set(key, names);
}

/** The module's scope when it is this one or that of a class directly in it. */
function topLevel(scope: Scope): Scope | null {
  if (scope.kind === "module") return scope;
  return scope.kind === "class" && scope.parent !== null ? topLevel(scope.parent) : null;
}
