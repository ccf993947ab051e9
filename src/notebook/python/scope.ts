import type { Node } from "./tree.js";

export type ScopeKind = "module" | "function" | "class" | "comprehension";

/** What a closed scope leaves to the one around it. */
export interface Free {
  reads: Map<string, Node>;
  /** Names of the module that a call binds, through `global`. */
  binds: Set<string>;
  /** Names of outer scopes whose value a call changes (`x[0] = 1`, `x.append(1)`). */
  mutates: Map<string, Node>;
}

/**
 * Names of one scope while its text is walked over in the order of evaluation. Python's rules: a name bound anywhere in a
 * function is local in all of it; class names are not seen by the methods; comprehensions have a scope of their own.
 */
export class Scope {
  readonly binds = new Set<string>();
  readonly reads = new Map<string, Node>();
  readonly mutates = new Map<string, Node>();
  readonly globals = new Set<string>();
  readonly nonlocals = new Set<string>();
  /** What calls bind in the module, collected from the scopes within. */
  readonly globalBinds = new Set<string>();

  constructor(
    readonly kind: ScopeKind,
    readonly parent: Scope | null,
  ) {}

  read(name: string, node: Node): void {
    if (!this.reads.has(name)) this.reads.set(name, node);
  }

  bind(name: string): void {
    if (this.globals.has(name)) this.globalBinds.add(name);
    this.binds.add(name);
  }

  /** Walrus targets bind outside the comprehensions they stand in. */
  get binder(): Scope {
    return this.kind === "comprehension" && this.parent !== null ? this.parent.binder : this;
  }

  mutate(name: string, node: Node): void {
    if (!this.mutates.has(name)) this.mutates.set(name, node);
  }

  /** Takes what a scope within leaves over. Methods do not see the names of their class. */
  take(free: Free, seesOwn: boolean): void {
    const into = seesOwn || this.kind !== "class" ? this : this.parent;
    if (into === null) return;
    for (const [name, node] of free.reads) into.read(name, node);
    for (const [name, node] of free.mutates) into.mutate(name, node);
    for (const name of free.binds) into.globalBinds.add(name);
  }

  /** What is not this scope's own. */
  free(): Free {
    const own = (name: string): boolean => this.binds.has(name) && !this.globals.has(name) && !this.nonlocals.has(name);
    const outer = (names: Map<string, Node>): Map<string, Node> => new Map([...names].filter(([name]) => !own(name)));
    return { reads: outer(this.reads), mutates: outer(this.mutates), binds: new Set(this.globalBinds) };
  }
}
