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
  for (const statement of checked.flow) {
    for (const call of facts.calls[statement.index] ?? []) {
      if (!ASKING.test(call.callee)) continue;
      problems.push(
        problemAt(cellOf(statement.cell), call.node.start, {
          code: "IAPP_NOTEBOOK_INPUT",
          level: checked.needed(statement) ? "error" : "warning",
          message: `${call.method}() waits for a person; a training job has none`,
          remedy: 'Give the value as a constant or by os.environ["NAME"], and set it with -p NAME=value.',
        }),
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
