import { assignmentOf, type Call, callsOf, type ImportNames } from "../python/calls.js";
import { rootOf } from "../python/roots.js";
import { type Node, type Tree, textOf } from "../python/tree.js";
import { callAt, type Inner, innerOf } from "./call-sites.js";
import { dumped, isFit, isPrediction, isSource, isSplit, isTableLiteral, trainedBy } from "./catalogue.js";
import type { FlowStatement } from "./flow.js";
import { classesIn, identifiersIn, madeBy } from "./names.js";
import { looksOn, Networks, trains } from "./networks.js";

/** A call that says something about a model, at the top level or carried out by a function called there. */
export interface ModelCall {
  statement: FlowStatement;
  kind: "fit" | "predict" | "dump";
  /** The model's name at the top level; null where it has none (`make_model().fit(X)`). */
  name: string | null;
  /** What the model is an instance of, as written where it is made (`RandomForestClassifier`); null where that is not seen. */
  className: string | null;
  method: string;
  /** A PyTorch network, called by its name. */
  network: boolean;
  /** Names of the rows that it is given. */
  inputs: string[];
  /** False where a function prepares the rows in between: `inputs` is then everything the function was given. */
  exact: boolean;
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

/** Collects what the calls of the notebook say: sources, splits, fits, predictions, saved models. */
export function factsOf(flow: readonly FlowStatement[], imports: ImportNames): Facts {
  const facts: Facts = { models: [], sources: [], splits: [], calls: [], classes: new Map() };
  const inner = new Map<string, Inner>();
  const networks = new Networks(imports);
  for (const statement of flow) {
    const { tree, node } = statement;
    const calls = callsOf(tree, node, imports);
    facts.calls.push(calls);
    const assignment = assignmentOf(tree, node);
    const targets = assignment?.targets ?? [];
    const named = targets.filter((name): name is string => name !== null);
    networks.define(statement);
    for (const [name, className] of classesIn(tree, node, imports)) facts.classes.set(name, className);
    const isNetwork = (name: string): boolean =>
      networks.has(facts.classes.get(name)) || facts.models.some((one) => one.name === name && one.network);
    for (const call of calls) {
      if (call.within !== null) {
        const top = call.within.split(".")[0]!;
        const parameters = statement.names.functions.get(top)?.parameters ?? [];
        const given = calls.filter((one) => one.within === top);
        const network = networks.calledBy(
          call,
          (name) => parameters.includes(name) && (trains(given) || looksOn(given)),
        );
        for (const kind of statement.names.functions.has(top) ? kindsOf(call, network, trains(given)) : []) {
          if (inner.get(top)?.statement !== statement) inner.set(top, innerOf(statement, top, imports));
          inner.get(top)!.calls.push({ call, kind, rows: rowsOf(call, kind, call.receiver, false), network });
        }
        if (isSource(call)) facts.sources.push({ statement, call, names: [], literal: false });
        continue;
      }
      if (isSource(call)) facts.sources.push({ statement, call, names: named, literal: false });
      else if (isTableLiteral(call) && !readsRows(tree, call))
        facts.sources.push({ statement, call, names: named, literal: true });
      if (isSplit(call)) facts.splits.push({ statement, call, targets });
      const network = networks.calledBy(call, isNetwork);
      for (const kind of kindsOf(call, network, trains(calls)))
        facts.models.push(modelCall(statement, call, kind, facts.classes, named, imports, network));
      const called = inner.get(call.callee);
      if (called !== undefined) facts.models.push(...callAt({ statement, site: call, targets }, called, facts.classes));
    }
  }
  return facts;
}

function kindsOf(call: Call, network: Node | null, training: boolean): ModelCall["kind"][] {
  if (network !== null) return [training ? "fit" : "predict"];
  if (call.method === "fit_predict" && call.receiver !== null) return ["fit", "predict"];
  if (isFit(call) || trainedBy(call) !== null) return ["fit"];
  if (isPrediction(call)) return ["predict"];
  return dumped(call) === null ? [] : ["dump"];
}

function modelCall(
  statement: FlowStatement,
  call: Call,
  kind: ModelCall["kind"],
  classes: ReadonlyMap<string, string>,
  result: string[],
  imports: ImportNames,
  network: Node | null,
): ModelCall {
  const { tree } = statement;
  const function_ = trainedBy(call);
  const object = network ?? (function_ !== null ? null : kind === "dump" ? dumped(call) : call.receiver);
  const root = object === null ? null : rootOf(object);
  // `model = LogisticRegression().fit(X, y)`: the fitted model is what is assigned.
  const made = object === null ? function_ : root === null ? madeBy(tree, object, imports) : null;
  const name = root === null ? (kind === "fit" ? (result[0] ?? null) : null) : textOf(tree, root);
  const rows = rowsOf(call, kind, object, root === null && made !== null);
  return {
    statement,
    kind,
    name,
    className: made ?? (name === null ? null : (classes.get(name) ?? null)),
    method: network === null ? call.method : "forward",
    network: network !== null,
    inputs: rows === null ? [] : identifiersIn(tree, rows),
    exact: true,
    literal: rows !== null && isLiteralRows(tree, rows),
    result: kind === "predict" ? result : [],
    node: call.node,
  };
}

/** The argument that holds the rows. Statsmodels gives them to the class and not to `fit`. */
function rowsOf(call: Call, kind: ModelCall["kind"], object: Node | null, made: boolean): Node | null {
  if (kind === "dump") return null;
  if (trainedBy(call) !== null)
    return call.args[1] ?? call.keywords.get("dtrain") ?? call.keywords.get("train_set") ?? null;
  const rows = call.keywords.get("X") ?? call.keywords.get("x") ?? call.args[0] ?? null;
  if (rows !== null || !made) return rows;
  return object?.type === "call" ? (object.children.find((one) => one.field === "arguments") ?? null) : null;
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
