import { answerIn, storedLines } from "../../answers.js";
import { stringValue } from "../../python/literals.js";
import type { Facts } from "../facts.js";
import type { ImportedModule } from "../imports.js";
import { type Checked, type Problem, problemAt } from "./problem.js";

const ASKING = /^(input|raw_input|getpass\.getpass|getpass|builtins\.input)$/;
const PLATFORM: Record<string, string> = {
  google: "Google Colab",
  kaggle_secrets: "Kaggle",
  kaggle_datasets: "Kaggle",
  dbutils: "Databricks",
  sagemaker: "SageMaker",
};

/** Cells that wait for a person, or for a platform that is not here. */
export function interactiveProblems(checked: Checked, facts: Facts, modules: readonly ImportedModule[]): Problem[] {
  const problems: Problem[] = [];
  const cellOf = (number: number) => checked.cells.find((cell) => cell.cell === number)!;
  const stored = storedLines(checked.cells);
  for (const statement of checked.flow) {
    for (const call of facts.calls[statement.index] ?? []) {
      if (!ASKING.test(call.callee)) continue;
      const asked = call.args[0] === undefined ? "" : stringValue(statement.tree, call.args[0]);
      const lines = stored[String(statement.cell)] ?? [];
      const answer = asked === null || /getpass/.test(call.callee) ? null : answerIn(lines, asked);
      problems.push(
        problemAt(
          cellOf(statement.cell),
          call.node.start,
          answer === null ? unanswered(call.method, checked.needed(statement)) : answered(asked!, answer),
        ),
      );
    }
  }
  for (const module of modules) {
    const platform = PLATFORM[module.name];
    const colab = module.name !== "google" || module.modules.some((name) => name.startsWith("google.colab"));
    if (platform === undefined || !colab || module.optional) continue;
    const cell = cellOf(module.cells[0]!);
    const at = Math.max(0, cell.tree.source.indexOf(module.name));
    problems.push(
      problemAt(cell, at, {
        code: "IAPP_NOTEBOOK_PLATFORM",
        level: "warning",
        message: `${module.modules[0]} exists on ${platform} only: this cell fails elsewhere`,
        remedy: "Leave the cell out with a comment: # iapp: skip",
      }),
    );
  }
  return problems;
}

function answered(prompt: string, answer: string): Parameters<typeof problemAt>[2] {
  return {
    code: "IAPP_NOTEBOOK_INPUT",
    level: "info",
    message: `input(${JSON.stringify(prompt)}) is answered with ${JSON.stringify(answer)}, as in the stored output`,
    remedy: "Another answer: -p NAME=value, where the cell says NAME = input(...).",
  };
}

function unanswered(method: string, needed: boolean): Parameters<typeof problemAt>[2] {
  return {
    code: "IAPP_NOTEBOOK_INPUT",
    level: needed ? "error" : "warning",
    message: `${method}() waits for a person; a training job has none, and no stored output shows what was typed`,
    remedy: 'Give the answer with -p NAME=value, where the cell says NAME = input(...); or read os.environ["NAME"].',
  };
}
