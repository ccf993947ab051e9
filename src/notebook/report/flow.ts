import type { Statement } from "../analysis.js";
import { assignmentOf } from "../python/calls.js";
import { child, type Node, type Tree, textOf, walk } from "../python/tree.js";
import type { FunctionNames } from "../python/visit.js";

/** A statement in the order of the file, and the statements it takes each name's value from. */
export interface FlowStatement extends Statement {
  index: number;
  tree: Tree;
  /** Name to the statements that gave it its present value: the one that bound it and those that changed it since. */
  uses: Map<string, number[]>;
  /** Names whose value it gives or changes. */
  gives: Set<string>;
}

/**
 * Definitions and uses over the whole notebook, run top to bottom. Without running it: functions count as called where their name
 * is read, loop variables over a list stand for its members, `a = b` for two names of one object.
 */
export function flowOf(statements: readonly { statement: Statement; tree: Tree }[]): FlowStatement[] {
  const definitions = new Map<string, number[]>();
  const functions = new Map<string, FunctionNames>();
  const same = new Map<string, Set<string>>();
  return statements.map(({ statement, tree }, index) => {
    const { names } = statement;
    const uses = new Map<string, number[]>();
    const gives = new Set<string>([...names.binds].filter((name) => !names.deletes.has(name)));
    const changed = new Set(names.mutates.keys());
    const use = (name: string): void => {
      if (uses.has(name)) return;
      uses.set(name, [...(definitions.get(name) ?? [])]);
      const called = functions.get(name);
      if (called === undefined) return;
      for (const one of called.reads) use(one);
      for (const one of called.mutates) changed.add(one);
    };
    for (const name of names.exposed.keys()) use(name);
    for (const name of changed) use(name);
    for (const name of argumentsChanged(tree, statement.node, functions)) changed.add(name);
    remember(tree, statement, same);
    for (const name of [...changed]) for (const other of same.get(name) ?? []) changed.add(other);

    for (const name of names.deletes) definitions.delete(name);
    // A branch or loop may leave the old value in place.
    const surely = !/^(if|for|while|try|match)_statement$/.test(statement.node.type);
    for (const name of gives) {
      const stays = surely && !names.mutates.has(name) ? [] : (definitions.get(name) ?? []);
      definitions.set(name, [...stays, index]);
      functions.delete(name);
    }
    for (const name of changed) {
      if (!gives.has(name)) definitions.set(name, [...(definitions.get(name) ?? []), index]);
      gives.add(name);
    }
    for (const [name, called] of callables(names)) functions.set(name, called);
    return { ...statement, index, tree, uses, gives };
  });
}

/** Functions that a statement defines, by the name they are called with; a class stands for all of its methods. */
function callables({ functions, binds }: Statement["names"]): Map<string, FunctionNames> {
  const found = new Map<string, FunctionNames>();
  const [owner] = binds;
  for (const [name, own] of functions) {
    const key = name.startsWith(".") ? owner : name;
    if (key === undefined) continue;
    const before = name.startsWith(".") ? found.get(key) : undefined;
    found.set(key, {
      parameters: own.parameters,
      reads: new Set([...(before?.reads ?? []), ...own.reads]),
      mutates: new Set([...(before?.mutates ?? []), ...own.mutates]),
      mutatesParameters: name.startsWith(".") ? new Set() : own.mutatesParameters,
    });
  }
  return found;
}

/** Names handed to functions of the notebook that change that argument in place. */
function argumentsChanged(tree: Tree, node: Node, functions: ReadonlyMap<string, FunctionNames>): string[] {
  const found: string[] = [];
  for (const one of walk(node)) {
    if (one.type !== "call") continue;
    const callee = child(one, "function");
    const called = callee?.type === "identifier" ? functions.get(textOf(tree, callee)) : undefined;
    if (called === undefined || called.mutatesParameters.size === 0) continue;
    child(one, "arguments")?.children.forEach((argument, i) => {
      const keyword = argument.type === "keyword_argument";
      const name = keyword ? textOf(tree, child(argument, "name")!) : called.parameters[i];
      const value = keyword ? child(argument, "value") : argument;
      if (name !== undefined && called.mutatesParameters.has(name) && value?.type === "identifier")
        found.push(textOf(tree, value));
    });
  }
  return found;
}

/** Notes which names stand for one object (or hold it): changing one changes the other. */
function remember(tree: Tree, statement: Statement, same: Map<string, Set<string>>): void {
  const link = (name: string, members: string[]): void => {
    const all = new Set(members.flatMap((member) => [member, ...(same.get(member) ?? [])]));
    all.delete(name);
    same.set(name, all);
    for (const member of members) if (member !== name) same.set(member, new Set([...(same.get(member) ?? []), name]));
  };
  for (const name of statement.names.binds) {
    same.delete(name);
    for (const others of same.values()) others.delete(name);
  }
  const assignment = assignmentOf(tree, statement.node);
  const target = assignment?.targets.length === 1 ? assignment.targets[0] : null;
  if (assignment !== null && typeof target === "string") link(target, heldNames(tree, assignment.value));
  for (const node of walk(statement.node)) {
    if (node.type !== "for_statement") continue;
    const left = child(node, "left");
    const right = child(node, "right");
    if (left === undefined || right === undefined) continue;
    const over = [...walk(right)]
      .filter((one) => one.type === "identifier" && one.field !== "attribute")
      .map((one) => textOf(tree, one));
    for (const one of walk(left)) if (one.type === "identifier") link(textOf(tree, one), over);
  }
}

/** Names that `x = ...` makes `x` stand for or hold: a plain name, or a list, tuple or mapping of names. */
function heldNames(tree: Tree, value: Node): string[] {
  if (value.type === "identifier") return [textOf(tree, value)];
  if (!/^(list|tuple|dictionary|expression_list|set)$/.test(value.type)) return [];
  return value.children.flatMap((one) => heldNames(tree, one.type === "pair" ? (child(one, "value") ?? one) : one));
}

/** All statements that the values of `names` at statement `from` come from. `follow` says which names of a giver to go on with. */
export function backward(
  flow: readonly FlowStatement[],
  from: FlowStatement,
  names: Iterable<string>,
  follow: (statement: FlowStatement, name: string) => Iterable<string>,
): Set<number> {
  const found = new Set<number>();
  const seen = new Set<string>();
  const queue: [FlowStatement, string][] = [...names].map((name) => [from, name]);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [at, name] = next;
    for (const index of at.uses.get(name) ?? []) {
      const key = `${index} ${name}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const giver = flow[index]!;
      found.add(index);
      for (const further of follow(giver, name)) queue.push([giver, further]);
    }
  }
  return found;
}
