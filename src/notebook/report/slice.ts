import { assignmentOf, type Call } from "../python/calls.js";
import { answersOf } from "./answers.js";
import { isFit, REDUCTION } from "./catalogue.js";
import type { Facts, SourceCall } from "./facts.js";
import { backward, type FlowStatement } from "./flow.js";
import { identifiersIn } from "./names.js";
import type { Served } from "./served.js";

/** What a statement is for, as far as can be told without running it. */
export type Role =
  | "score"
  /** Gives the raw rows. */
  | "source"
  /** Fits something whose state scoring restores. */
  | "fit"
  /** Splits or samples rows: passes them through when scoring. */
  | "split"
  /** Learns a value from all rows: the value is frozen. */
  | "frozen"
  | "seed"
  /** Needed to make the model only. */
  | "train"
  | "drop";

export interface Slice {
  roles: Role[];
  /** The table that the model's input comes from, and others that reach it. */
  source: SourceCall | null;
  otherSources: SourceCall[];
}

/** Backward from the rows that the served model is given to the raw table; then from its fit to everything else it needs. */
export function sliceOf(flow: readonly FlowStatement[], facts: Facts, served: Served | null): Slice {
  const roles: Role[] = flow.map(() => "drop");
  if (served === null) return { roles, source: null, otherSources: [] };
  const reached = new Set<SourceCall>();
  const special = (statement: FlowStatement): Role | null => specialRole(statement, facts);
  const start = served.call.statement;
  const score = backward(flow, start, inputsOf(served), (giver, name) => {
    const source = sourceAt(facts, giver, name);
    if (source !== null) reached.add(source);
    if (source !== null || special(giver) === "fit" || special(giver) === "frozen" || special(giver) === "seed")
      return [];
    return special(giver) === "split" ? splitInputs(facts, giver, name) : giver.uses.keys();
  });
  for (const index of score) roles[index] = roleInScore(flow[index]!, facts, special, reached);
  if (roles[start.index] === "drop") roles[start.index] = served.call.kind === "fit" ? "fit" : "score";
  for (const index of [...ownClass(flow, served), ...ownFunctions(flow, served)]) roles[index] = "score";
  for (const index of readByFunctions(flow, served, roles)) {
    roles[index] = sourceAt(facts, flow[index]!, null) === null ? (special(flow[index]!) ?? "frozen") : "source";
  }
  for (const index of answersOf(flow, facts, roles, start)) roles[index] = "score";

  const ends = [...(served.fit === null ? [] : [served.fit.statement]), start];
  ends.push(...flow.filter((statement) => roles[statement.index] === "fit" || roles[statement.index] === "frozen"));
  for (const end of ends) {
    if (roles[end.index] === "drop") roles[end.index] = "fit";
    for (const index of backward(flow, end, end.uses.keys(), (giver) => giver.uses.keys())) {
      if (roles[index] !== "drop") continue;
      const role = special(flow[index]!);
      roles[index] = sourceAt(facts, flow[index]!, null) !== null ? "source" : (role ?? "train");
    }
  }
  for (const statement of flow)
    if (roles[statement.index] === "drop" && special(statement) === "seed") roles[statement.index] = "seed";
  const sources = [...reached].sort(
    (a, b) => Number(a.literal) - Number(b.literal) || a.statement.index - b.statement.index,
  );
  const trainingOnly = facts.sources.filter((one) => one.names.length > 0 && roles[one.statement.index] === "source");
  const [source = null, ...otherSources] = sources.length > 0 ? sources : trainingOnly;
  return { roles, source, otherSources };
}

/** Names from before the statement that the rows come from. What a block makes itself comes from anything that it reads. */
function inputsOf({ call, guess }: Served): Iterable<string> {
  const { uses, node } = call.statement;
  const block = /^(with|for|while|if|try)_statement$/.test(node.type);
  if (!block || call.inputs.every((name) => uses.has(name))) return call.inputs;
  return [...uses.keys()].filter((name) => name !== guess.name);
}

/** The notebook's own class of the served model and what that is made with: its code goes along. */
function ownClass(flow: readonly FlowStatement[], served: Served): Iterable<number> {
  const name = served.fit?.className ?? served.call.className;
  const defined = flow.filter(
    ({ node, gives }) => /^(class|decorated)_definition$/.test(node.type) && gives.has(name ?? ""),
  );
  const last = defined.at(-1);
  return last === undefined
    ? []
    : [last.index, ...backward(flow, last, last.uses.keys(), (giver) => giver.uses.keys())];
}

/** The function that is asked, and those that it calls: their code goes along, what they read is frozen. */
function ownFunctions(flow: readonly FlowStatement[], { call }: Served): number[] {
  if (call.className !== "function") return [];
  const reached = backward(flow, call.statement, call.statement.uses.keys(), (giver) => giver.uses.keys());
  return [...reached].filter((index) => /^(function|decorated)_definition$/.test(flow[index]!.node.type));
}

/** What gives the function that is asked the values that it reads. */
function readByFunctions(flow: readonly FlowStatement[], { call }: Served, roles: readonly Role[]): number[] {
  if (call.className !== "function") return [];
  const read = [...call.statement.uses.values()].flat();
  return read.filter((index) => roles[index] === "drop" && !/import/.test(flow[index]!.node.type));
}

function roleInScore(
  statement: FlowStatement,
  facts: Facts,
  special: (statement: FlowStatement) => Role | null,
  reached: ReadonlySet<SourceCall>,
): Role {
  if ([...reached].some((source) => source.statement === statement)) return "source";
  return special(statement) ?? (sourceAt(facts, statement, null) === null ? "score" : "source");
}

/** The source whose rows a statement binds to `name` (to any name, when null). */
function sourceAt(facts: Facts, statement: FlowStatement, name: string | null): SourceCall | null {
  const all = facts.sources.filter((source) => source.statement === statement && source.call.within === null);
  return all.find((source) => name === null || source.names.includes(name)) ?? null;
}

function specialRole(statement: FlowStatement, facts: Facts): Role | null {
  const calls = (facts.calls[statement.index] ?? []).filter((call) => call.within === null);
  if (calls.some((call) => /^(seed|set_seed|manual_seed|set_random_seed|seed_everything)$/.test(call.method)))
    return "seed";
  if (facts.splits.some((split) => split.statement === statement)) return "split";
  const [outermost] = calls;
  if (outermost === undefined) return null;
  const assignment = assignmentOf(statement.tree, statement.node);
  if (assignment === null) return statement.node.type === "expression_statement" && isPureFit(calls) ? "fit" : null;
  if (assignment.value === outermost.node && isFit(outermost) && outermost.method === "fit") return "fit";
  return assignment.value === outermost.node && isReduction(outermost) ? "frozen" : null;
}

function isPureFit(calls: Call[]): boolean {
  const [outermost] = calls;
  return outermost !== undefined && isFit(outermost) && outermost.root !== null;
}

/** `df.Age.mean()` is one value of all rows; `x.sum(axis=1)` is one a row, and groups are looked up by key. */
function isReduction(call: Call): boolean {
  if (call.receiver === null || !REDUCTION.test(call.method)) return false;
  return !call.keywords.has("axis") && call.args.length === 0;
}

/** The arguments of `train_test_split` that a target takes its rows from. */
function splitInputs(facts: Facts, statement: FlowStatement, name: string): Iterable<string> {
  const split = facts.splits.find((one) => one.statement === statement);
  const at = split?.targets.indexOf(name) ?? -1;
  if (split === undefined || at < 0 || split.targets.length !== 2 * split.call.args.length)
    return statement.uses.keys();
  const argument = split.call.args[Math.floor(at / 2)]!;
  return identifiersIn(statement.tree, argument);
}
