import type { Scope } from "./scope.js";
import { type Node, type Tree, textOf } from "./tree.js";

/** What calling a function reads and changes outside of it, and which of its arguments it changes in place. */
export interface FunctionNames {
  parameters: string[];
  reads: Set<string>;
  mutates: Set<string>;
  /** Parameters whose value the body changes in place. */
  mutatesParameters: Set<string>;
}

/** Names that one top-level statement reads, binds and changes. Nodes are the first place of each. */
export interface StatementNames {
  /** Read when the statement is executed (also in comprehensions, class bodies, defaults, decorators and lambdas passed on). */
  reads: Map<string, Node>;
  /** Those of `reads` that the statement has not itself bound before. */
  exposed: Map<string, Node>;
  /** Read only when a function, class or lambda that it binds is called. */
  deferred: Map<string, Node>;
  binds: Set<string>;
  /** Bound in the module when a function defined here is called (`global`). */
  bindsWhenCalled: Set<string>;
  deletes: Set<string>;
  /** Changed in place. */
  mutates: Map<string, Node>;
  /** Modules of `from x import *`. */
  stars: string[];
  /** Functions defined at the top level of the statement, by name. Classes: all methods together. */
  functions: Map<string, FunctionNames>;
}

/** Everything the visitors share while one statement is walked over. */
export class Visit {
  readonly names: StatementNames = {
    reads: new Map(),
    exposed: new Map(),
    deferred: new Map(),
    binds: new Set(),
    bindsWhenCalled: new Set(),
    deletes: new Set(),
    mutates: new Map(),
    stars: [],
    functions: new Map(),
  };
  /** Names that the statement may have bound by now; branches start from the same state. */
  bound = new Set<string>();

  /** `dispatch` knows what each kind of node means for names. */
  constructor(
    readonly tree: Tree,
    private readonly dispatch: (walk: Visit, scope: Scope, node: Node) => void,
  ) {}

  /** Walks over any node, in the order in which Python evaluates it. */
  visit(scope: Scope, node: Node): void {
    this.dispatch(this, scope, node);
  }

  text(node: Node): string {
    return textOf(this.tree, node);
  }

  read(scope: Scope, name: string, node: Node): void {
    if (scope.kind === "module" && !this.bound.has(name) && !this.names.exposed.has(name))
      this.names.exposed.set(name, node);
    scope.read(name, node);
  }

  bind(scope: Scope, name: string): void {
    scope.bind(name);
    if (scope.kind === "module") this.bound.add(name);
  }

  all(scope: Scope, nodes: readonly Node[]): void {
    for (const node of nodes) this.visit(scope, node);
  }

  /** Walks one of several branches: what it binds is not yet bound in the others. */
  branch(scope: Scope, before: ReadonlySet<string>, nodes: readonly Node[]): Set<string> {
    this.bound = new Set(before);
    this.all(scope, nodes);
    return this.bound;
  }
}

/** Names of `def f[T](...)` and `class A[T]`. */
export function typeParameters(walk: Visit, node: Node): string[] {
  const list = node.children.find((one) => one.field === "type_parameters");
  if (list === undefined) return [];
  return [...walk.text(list).matchAll(/(?<=[[,]\s*\*{0,2})[\p{L}_][\p{L}\p{N}_]*/gu)].map((match) => match[0]);
}
