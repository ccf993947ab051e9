import { assignmentOf, type Call, callsOf, dottedName, type ImportNames } from "../python/calls.js";
import { child, childrenOf, type Node, type Tree, textOf } from "../python/tree.js";
import type { FlowStatement } from "../report/flow.js";
import { type ApiRange, exactRange, looseRange } from "./facts.js";
import { formsOf } from "./forms.js";

/** Something a notebook uses that not every version of its library has. */
export interface ApiUse extends ApiRange {
  /** As a person would say it: `DataFrame.append`, `OneHotEncoder(sparse=...)`. */
  what: string;
  cell: number;
  line: number;
}

const TABLE = "pandas.DataFrame";
const MAKES_TABLE = /^pandas\.(read_\w+|concat|merge|get_dummies|json_normalize|crosstab|pivot_table)$/;
/** Methods of a table whose result is one. */
const KEEPS_TABLE =
  /^(copy|drop|dropna|fillna|merge|join|append|sort_values|reset_index|set_index|rename|replace|assign|head|sample|query|astype|drop_duplicates)$/;

/** What the statements use of what libraries no longer have or did not always have, each once, in the notebook's order. */
export function apiUses(statements: readonly FlowStatement[], imports: ImportNames): ApiUse[] {
  const classes = new Map<string, string>();
  const found = new Map<string, ApiUse>();
  for (const { tree, node, cell, line } of statements) {
    const use = (what: string, range: ApiRange | undefined): void => {
      if (range !== undefined && !found.has(what)) found.set(what, { ...range, what, cell, line });
    };
    const calls = callsOf(tree, node, imports);
    for (const name of namesUsed(tree, node, imports)) for (const part of prefixes(name)) use(part, exactRange(part));
    for (const call of calls) usedBy(call, tree, classes, use);
    for (const { what, ...range } of formsOf(tree, node, calls, classes)) use(what, range);
    learn(tree, node, calls, classes);
  }
  return [...found.values()];
}

/** Dotted names, imports included, outermost only. */
function namesUsed(tree: Tree, node: Node, imports: ImportNames): string[] {
  const found: string[] = [];
  const visit = (at: Node): void => {
    if (at.type === "import_from_statement") {
      const from = child(at, "module_name");
      const module = from === undefined ? "" : textOf(tree, from);
      const members = childrenOf(at, "name").map((one) => textOf(tree, child(one, "name") ?? one));
      found.push(module, ...members.map((member) => `${module}.${member}`));
      return;
    }
    if (at.type === "import_statement") {
      found.push(...at.children.map((one) => textOf(tree, child(one, "name") ?? one)));
      return;
    }
    if (at.type === "attribute" || at.type === "identifier") found.push(dottedName(tree, at, imports));
    if (at.type !== "attribute" || !/^(attribute|identifier)$/.test(child(at, "object")?.type ?? ""))
      for (const one of at.children) visit(one);
  };
  visit(node);
  return found.filter((name) => name.includes("."));
}

function prefixes(name: string): string[] {
  const parts = name.split(".");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 2).join("."));
}

function usedBy(
  call: Call,
  tree: Tree,
  classes: ReadonlyMap<string, string>,
  use: (what: string, range: ApiRange | undefined) => void,
): void {
  const plain = call.receiver?.type === "identifier" && call.root !== null ? classes.get(call.root) : undefined;
  const callee = plain === undefined ? call.callee : `${plain}.${call.method}`;
  const isMethod = call.receiver !== null && exactRange(callee) === undefined;
  use(callee, exactRange(callee));
  if (isMethod) use(`.${call.method}()`, looseRange(call.method));
  for (const [keyword, value] of call.keywords) {
    const given = `(${keyword})`;
    const literal = value.type === "string" ? `(${keyword}='${textOf(tree, value).slice(1, -1)}')` : null;
    const whole = exactRange(callee + given);
    const exact = whole ?? (literal === null ? undefined : exactRange(callee + literal));
    use(`${callee}(${keyword}=${whole === undefined ? textOf(tree, value) : "..."})`, exact);
    if (isMethod && exact === undefined) use(`.${call.method}(${keyword}=...)`, looseRange(call.method + given));
  }
}

/** Remembers which names hold tables and objects of a library's classes. */
function learn(tree: Tree, node: Node, calls: readonly Call[], classes: Map<string, string>): void {
  const assignment = assignmentOf(tree, node);
  if (assignment === null) return;
  const call = calls.find((one) => one.node === assignment.value);
  const of = call === undefined ? undefined : classOf(call, classes);
  for (const target of assignment.targets) {
    if (target === null) continue;
    if (of === undefined) classes.delete(target);
    else classes.set(target, of);
  }
}

function classOf(call: Call, classes: ReadonlyMap<string, string>): string | undefined {
  if (MAKES_TABLE.test(call.callee)) return TABLE;
  if (call.callee.includes(".") && /^[A-Z]/.test(call.method) && call.root !== null) return call.callee;
  if (!call.callee.includes("(") && /^[a-z]\w*(\.\w+)+\.[A-Z]\w*$/.test(call.callee)) return call.callee;
  if (call.root !== null && classes.get(call.root) === TABLE && KEEPS_TABLE.test(call.method)) return TABLE;
  return undefined;
}
