import { assignmentOf } from "../python/calls.js";
import { METRIC } from "./catalogue.js";
import type { Facts } from "./facts.js";
import type { FlowStatement } from "./flow.js";
import type { Role } from "./slice.js";

/**
 * Statements after the served prediction that make its answer: they are given the prediction and nothing else that has rows (the
 * class with the largest output, a threshold, the labels' names).
 */
export function answersOf(
  flow: readonly FlowStatement[],
  facts: Facts,
  roles: readonly Role[],
  start: FlowStatement,
): number[] {
  const answered = new Set<number>([start.index]);
  const rows = new Set(facts.splits.flatMap(({ targets }) => targets));
  const code = /import|(function|class|decorated)_definition/;
  const holdsRows = (index: number): boolean =>
    /^(score|source|split)$/.test(roles[index] ?? "drop") && !code.test(flow[index]!.node.type);
  const found: number[] = [];
  for (const statement of flow.slice(start.index + 1)) {
    if (assignmentOf(statement.tree, statement.node) === null) continue;
    if ((facts.calls[statement.index] ?? []).some((call) => METRIC.test(call.method))) continue;
    const uses = [...statement.uses];
    const given = uses.filter(([, givers]) => givers.some((index) => answered.has(index)));
    const others = uses.filter(([, givers]) => !givers.some((index) => answered.has(index)));
    const plain = others.every(([name, givers]) => !rows.has(name) && !givers.some(holdsRows));
    if (given.length === 0 || !plain) continue;
    answered.add(statement.index);
    found.push(statement.index);
  }
  return found;
}
