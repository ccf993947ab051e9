import type { Call } from "../python/calls.js";
import type { Facts, ModelCall } from "./facts.js";
import type { FlowStatement } from "./flow.js";

const LEARNS =
  /^(\w+_similarity|\w+_kernel|\w+_distances|pdist|cdist|squareform|corr|corrwith|corrcoef|svds?|dot|matmul|fit|fit_transform|kneighbors)$/;
const LITERAL = /^(string|integer|float|unary_operator|true|false|concatenated_string)$/;
const DEPTH = 6;

/** The function that the notebook asks last with plain values, of those that answer from something learned; null without one. */
export function askedFunction(
  facts: Facts,
  flow: readonly FlowStatement[],
  explicit: { name?: string | null; cell?: number | null },
): ModelCall | null {
  let found: ModelCall | null = null;
  for (const statement of flow) {
    if (explicit.cell != null && explicit.cell !== statement.cell) continue;
    for (const call of facts.calls[statement.index] ?? []) {
      if (explicit.name != null && explicit.name !== call.callee) continue;
      if (!asks(call, statement)) continue;
      if (definesFunction(flow, statement, call.callee) && learned(facts, flow, statement, call.callee))
        found = asModelCall(statement, call);
    }
  }
  return found;
}

/** A call with plain values, or with the variable of a loop over some. */
function asks(call: Call, { node }: FlowStatement): boolean {
  const given = [...call.args, ...call.keywords.values()];
  if (call.within !== null || call.receiver !== null || given.length === 0) return false;
  return given.every((one) => LITERAL.test(one.type) || (node.type === "for_statement" && one.type === "identifier"));
}

function definesFunction(flow: readonly FlowStatement[], statement: FlowStatement, name: string): boolean {
  return (statement.uses.get(name) ?? []).some((index) => flow[index]!.names.functions.has(name));
}

/** Whether what the function reads was made by similarities, distances or a fit, at a few removes. */
function learned(facts: Facts, flow: readonly FlowStatement[], statement: FlowStatement, name: string): boolean {
  const seen = new Set<number>();
  const visit = (at: FlowStatement, depth: number): boolean => {
    if (seen.has(at.index) || depth > DEPTH) return false;
    seen.add(at.index);
    const calls = (facts.calls[at.index] ?? []).filter((call) => call.within === null);
    if (at !== statement && calls.some((call) => LEARNS.test(call.method))) return true;
    return [...at.uses.values()].flat().some((index) => visit(flow[index]!, depth + 1));
  };
  const called = (statement.uses.get(name) ?? []).map((index) => flow[index]!);
  const read = called.flatMap((one) => [...(one.names.functions.get(name)?.reads ?? [])]);
  const givers = [
    ...called.flatMap((one) => [...one.uses.values()].flat()),
    ...read.flatMap((one) => statement.uses.get(one) ?? []),
  ];
  return givers.some((index) => visit(flow[index]!, 0));
}

function asModelCall(statement: FlowStatement, call: Call): ModelCall {
  return {
    statement,
    kind: "predict",
    name: call.callee,
    className: "function",
    method: "call",
    network: false,
    inputs: [],
    exact: true,
    literal: true,
    result: [],
    node: call.node,
  };
}
