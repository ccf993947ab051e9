import type { Call, ImportNames } from "../python/calls.js";
import { type Node, textOf, walk } from "../python/tree.js";
import type { ModelCall } from "./facts.js";
import type { FlowStatement } from "./flow.js";
import { classesIn, identifiersIn, madeBy } from "./names.js";

/** What a function of the notebook does with models, in its own names. */
export interface Inner {
  /** Where the function is defined. */
  statement: FlowStatement;
  parameters: string[];
  returns: (string | null)[];
  calls: { call: Call; kind: ModelCall["kind"]; rows: Node | null; network: Node | null }[];
  classes: Map<string, string>;
  imports: ImportNames;
}

/** What there is to know of a function before its calls are listed. */
export function innerOf(statement: FlowStatement, name: string, imports: ImportNames): Inner {
  const { tree, node } = statement;
  const classes = new Map<string, string>();
  let returns: (string | null)[] = [];
  for (const one of walk(node)) {
    if (one.type === "block")
      for (const part of one.children) for (const [key, made] of classesIn(tree, part, imports)) classes.set(key, made);
    if (one.type === "return_statement" && one.children[0] !== undefined) {
      const value = one.children[0];
      const parts = /^(expression_list|tuple)$/.test(value.type) ? value.children : [value];
      returns = parts.map((part) => (part.type === "identifier" ? textOf(tree, part) : null));
    }
  }
  const parameters = statement.names.functions.get(name)?.parameters ?? [];
  return { statement, parameters, returns, calls: [], classes, imports };
}

/** Where a function of the notebook is called, and the names that its result is bound to. */
export interface CallSite {
  statement: FlowStatement;
  site: Call;
  targets: (string | null)[];
}

/**
 * What a call of one of the notebook's functions does to models: those it is given and gives back go by the caller's names, those
 * that never leave it by its own.
 */
export function callAt({ statement, site, targets }: CallSite, inner: Inner, classes: ReadonlyMap<string, string>) {
  const { tree } = statement;
  const given = new Map<string, Node>();
  site.args.forEach((argument, i) => {
    const parameter = inner.parameters[i];
    if (parameter !== undefined) given.set(parameter, argument);
  });
  for (const [name, value] of site.keywords) given.set(name, value);
  return inner.calls.flatMap(({ call, kind, rows, network }): ModelCall[] => {
    const local = kind === "dump" ? null : network === null ? call.root : textOf(inner.statement.tree, network);
    if (local === null) return [];
    const argument = given.get(local);
    const back = inner.returns.indexOf(local);
    const made = argument === undefined ? (inner.classes.get(local) ?? null) : madeBy(tree, argument, inner.imports);
    const outer = argument?.type === "identifier" ? textOf(tree, argument) : back < 0 ? null : (targets[back] ?? null);
    const name = outer ?? (made === null || argument !== undefined ? null : local);
    if (name === null) return [];
    const asked = rows === null ? [] : identifiersIn(inner.statement.tree, rows);
    const exact = asked.length > 0 && asked.every((one) => given.has(one));
    const from = [...given].filter(([parameter]) => (exact ? asked.includes(parameter) : parameter !== local));
    return [
      {
        statement,
        kind,
        name,
        className: made ?? classes.get(name) ?? null,
        method: network === null ? call.method : "forward",
        network: network !== null,
        inputs: [...new Set(from.flatMap(([, value]) => identifiersIn(tree, value)))],
        exact,
        literal: false,
        result: kind === "predict" ? targets.filter((one): one is string => one !== null) : [],
        node: site.node,
      },
    ];
  });
}
