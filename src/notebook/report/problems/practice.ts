import { isTransformer, learnsNoStatistic } from "../catalogue.js";
import type { Facts } from "../facts.js";
import { backward, type FlowStatement } from "../flow.js";
import { type Checked, type Problem, problemAt } from "./problem.js";

/** Splits without a seed: every run trains another model. */
export function seedProblems({ cells, needed }: Checked, facts: Facts): Problem[] {
  const seeded = facts.calls.flat().some((call) => /^numpy\.random\.seed$/.test(call.callee));
  return facts.splits.flatMap(({ statement, call }) => {
    const shuffles = call.keywords.get("shuffle")?.type !== "false";
    if (call.keywords.has("random_state") || seeded || !shuffles || !needed(statement)) return [];
    return problemAt(cellOf(cells, statement), call.node.start, {
      code: "IAPP_NOTEBOOK_SEED",
      level: "warning",
      message: "train_test_split has no random_state: every run splits, and trains, differently",
      remedy: "Give random_state=... to get the same model again.",
    });
  });
}

/** Statistics learned from rows that are held out later, and fits on the held-out rows themselves. */
export function leakageProblems({ cells, flow, needed }: Checked, facts: Facts): Problem[] {
  const problems: Problem[] = [];
  const held = heldOut(facts);
  for (const fit of facts.models.filter((call) => call.kind === "fit")) {
    const cell = cellOf(cells, fit.statement);
    const className = fit.className?.slice(fit.className.lastIndexOf(".") + 1) ?? "";
    const test = !fit.exact
      ? undefined
      : fit.inputs.find((name) => (fit.statement.uses.get(name) ?? []).some((index) => held.get(index)?.has(name)));
    if (test !== undefined) {
      problems.push(
        problemAt(cell, fit.node.start, {
          code: "IAPP_NOTEBOOK_LEAK_TEST",
          level: "warning",
          message: `${fit.method} learns from \`${test}\`, the rows held out for testing`,
          remedy:
            className !== "" && isTransformer(className)
              ? "Use transform for these rows."
              : "Fit on the training rows only.",
        }),
      );
      continue;
    }
    if (!isTransformer(className) || learnsNoStatistic(className) || !needed(fit.statement)) continue;
    const split = facts.splits.find(
      (one) => one.statement.index > fit.statement.index && feeds(flow, fit.statement, one.statement),
    );
    if (split === undefined) continue;
    problems.push(
      problemAt(cell, fit.node.start, {
        code: "IAPP_NOTEBOOK_LEAK",
        level: "warning",
        message: `${className} learns from all rows, also those that cell ${split.statement.cell} holds out for testing`,
        remedy: "The scores in the notebook may look better than they are. Split first, then fit on the training rows.",
      }),
    );
  }
  return problems;
}

/** Names of the second part of each split, by the split's statement. */
function heldOut(facts: Facts): Map<number, Set<string>> {
  return new Map(
    facts.splits.map(({ statement, targets }) => [
      statement.index,
      new Set(targets.filter((name, i): name is string => name !== null && i % 2 === 1)),
    ]),
  );
}

/** Whether the rows split were made by this fit (`fit_transform`), or by what it fitted. */
function feeds(flow: readonly FlowStatement[], fit: FlowStatement, split: FlowStatement): boolean {
  const arguments_ = split.uses.keys();
  return backward(flow, split, arguments_, (giver) => (giver === fit ? [] : giver.uses.keys())).has(fit.index);
}

function cellOf(cells: Checked["cells"], statement: FlowStatement): Checked["cells"][number] {
  return cells.find((cell) => cell.cell === statement.cell)!;
}
