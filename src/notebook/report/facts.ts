import { assignmentOf, type Call, callsOf, dottedName, type ImportNames } from "../python/calls.js";
import { rootOf } from "../python/roots.js";
import { type Node, type Tree, textOf, walk } from "../python/tree.js";
import { dumped, isFit, isPrediction, isSource, isSplit, isTableLiteral } from "./catalogue.js";
import type { FlowStatement } from "./flow.js";

/** A call that says something about a model, at the top level or carried out by a function called there. */
export interface ModelCall {
  statement: FlowStatement;
  kind: "fit" | "predict" | "dump";
  /** The model's name at the top level; null where it has none (`make_model().fit(X)`). */
  name: string | null;
  /** What the model is an instance of, as written where it is made (`RandomForestClassifier`); null where that is not seen. */
  className: string | null;
  method: string;
  /** Names of the rows that it is given. */
  inputs: string[];
  /** The rows are constants written in the call: an example, not a service. */
  literal: boolean;
  /** Names that the result is bound to. */
  result: string[];
  node: Node;
}

export interface SourceCall {
  statement: FlowStatement;
  call: Call;
  /** Names that hold what was read. */
  names: string[];
  /** Rows written out in the notebook instead of read. */
  literal: boolean;
}

export interface SplitCall {
  statement: FlowStatement;
  call: Call;
  targets: (string | null)[];
}

export interface Facts {
  models: ModelCall[];
  sources: SourceCall[];
  splits: SplitCall[];
  /** Calls of each statement, by its index. */
  calls: Call[][];
  /** Full name of the class of each name at the end of the notebook. */
  classes: Map<string, string>;
}

/** What functions of the notebook do with models, in their own names. */
interface Inner {
  parameters: string[];
  returns: (string | null)[];
  calls: { call: Call; kind: ModelCall["kind"] }[];
  classes: Map<string, string>;
}

/** Collects what the calls of the notebook say: sources, splits, fits, predictions, saved models. */
export function factsOf(flow: readonly FlowStatement[], imports: ImportNames): Facts {
  const facts: Facts = { models: [], sources: [], splits: [], calls: [], classes: new Map() };
  const inner = new Map<string, Inner>();
  for (const statement of flow) {
    const { tree, node } = statement;
    const calls = callsOf(tree, node, imports);
    facts.calls.push(calls);
    const assignment = assignmentOf(tree, node);
    const targets = assignment?.targets ?? [];
    const named = targets.filter((name): name is string => name !== null);
    for (const [name, className] of classesIn(tree, node, imports)) facts.classes.set(name, className);
    for (const call of calls) {
      if (call.within !== null) {
        const kind = kindOf(call);
        const top = call.within.split(".")[0]!;
        if (kind !== null && statement.names.functions.has(top)) {
          if (!inner.has(top)) inner.set(top, innerOf(statement, top, imports));
          inner.get(top)!.calls.push({ call, kind });
        }
        if (isSource(call)) facts.sources.push({ statement, call, names: [], literal: false });
        continue;
      }
      if (isSource(call)) facts.sources.push({ statement, call, names: named, literal: false });
      else if (isTableLiteral(call) && !readsRows(tree, call))
        facts.sources.push({ statement, call, names: named, literal: true });
      if (isSplit(call)) facts.splits.push({ statement, call, targets });
      const kind = kindOf(call);
      if (kind !== null) facts.models.push(modelCall(statement, call, kind, facts.classes, named, imports));
      const called = inner.get(call.callee);
      if (called !== undefined) facts.models.push(...atCallSite(statement, call, called, targets));
    }
  }
  return facts;
}

function kindOf(call: Call): ModelCall["kind"] | null {
  if (isFit(call)) return "fit";
  if (isPrediction(call)) return "predict";
  return dumped(call) === null ? null : "dump";
}

function modelCall(
  statement: FlowStatement,
  call: Call,
  kind: ModelCall["kind"],
  classes: ReadonlyMap<string, string>,
  result: string[],
  imports: ImportNames,
): ModelCall {
  const { tree } = statement;
  const object = kind === "dump" ? dumped(call)! : call.receiver!;
  const root = rootOf(object);
  // `model = LogisticRegression().fit(X, y)`: the fitted model is what is assigned.
  const made = root === null ? madeBy(tree, object, imports) : null;
  const name = root === null ? (kind === "fit" ? (result[0] ?? null) : null) : textOf(tree, root);
  const rows = rowsOf(call, kind, object, made !== null);
  return {
    statement,
    kind,
    name,
    className: made ?? (name === null ? null : (classes.get(name) ?? null)),
    method: call.method,
    inputs: rows === null ? [] : identifiersIn(tree, rows),
    literal: rows !== null && isLiteralRows(tree, rows),
    result: kind === "predict" ? result : [],
    node: call.node,
  };
}

/** The argument that holds the rows. Statsmodels gives them to the class and not to `fit`. */
function rowsOf(call: Call, kind: ModelCall["kind"], object: Node, made: boolean): Node | null {
  if (kind === "dump") return null;
  const rows = call.keywords.get("X") ?? call.keywords.get("x") ?? call.args[0] ?? null;
  if (rows !== null || !made) return rows;
  return object.type === "call" ? (object.children.find((one) => one.field === "arguments") ?? null) : null;
}

/** Names bound by `name = Class(...)` anywhere in the statement (functions' own names are theirs). */
function classesIn(tree: Tree, node: Node, imports: ImportNames): [string, string][] {
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
function madeBy(tree: Tree, value: Node, imports: ImportNames): string | null {
  let at: Node | undefined = value;
  while (at?.type === "call") {
    const callee: Node | undefined = at.children.find((one) => one.field === "function");
    if (callee?.type !== "attribute" || rootOf(callee) !== null) {
      const name = callee === undefined ? "" : dottedName(tree, callee, imports);
      const last = name.slice(name.lastIndexOf(".") + 1);
      return /^[A-Z]/.test(last) ||
        /^make_(pipeline|column_transformer|union)$|^(Sequential|train|ols|logit)$/.test(last)
        ? name
        : null;
    }
    at = callee.children.find((one) => one.field === "object");
  }
  return null;
}

function innerOf(statement: FlowStatement, name: string, imports: ImportNames): Inner {
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
  return { parameters: statement.names.functions.get(name)?.parameters ?? [], returns, calls: [], classes };
}

/** What a call of one of the notebook's functions does to the caller's own models. */
function atCallSite(statement: FlowStatement, site: Call, inner: Inner, targets: (string | null)[]): ModelCall[] {
  const { tree } = statement;
  const given = new Map<string, Node>();
  site.args.forEach((argument, i) => {
    const parameter = inner.parameters[i];
    if (parameter !== undefined) given.set(parameter, argument);
  });
  for (const [name, value] of site.keywords) given.set(name, value);
  return inner.calls.flatMap(({ call, kind }): ModelCall[] => {
    const local = kind === "dump" ? null : call.root;
    if (local === null) return [];
    const argument = given.get(local);
    const back = inner.returns.indexOf(local);
    const name = argument?.type === "identifier" ? textOf(tree, argument) : back >= 0 ? (targets[back] ?? null) : null;
    const made = argument === undefined ? (inner.classes.get(local) ?? null) : null;
    if (name === null && made === null) return [];
    const rows = [...given]
      .filter(([parameter]) => parameter !== local)
      .flatMap(([, value]) => identifiersIn(tree, value));
    const result = kind === "predict" ? targets.filter((one): one is string => one !== null) : [];
    return [
      {
        statement,
        kind,
        name,
        className: made,
        method: call.method,
        inputs: rows,
        literal: false,
        result,
        node: site.node,
      },
    ];
  });
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

/** `[[5.1, 3.5]]`, `np.array([1, 2])`: no rows of a table. */
function isLiteralRows(tree: Tree, node: Node): boolean {
  const names = identifiersIn(tree, node).filter((name) => !/^(np|numpy|pd|pandas)$/.test(name));
  return names.length === 0;
}

function readsRows(tree: Tree, call: Call): boolean {
  const first = call.args[0] ?? call.keywords.get("data");
  return first === undefined || identifiersIn(tree, first).length > 0;
}
