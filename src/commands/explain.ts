import type { CellExplained, ColumnExplained } from "../actions/explain/index.js";
import type { Style } from "../core/host.js";
import { findProject } from "../project/layout.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "say why a cell is in the service or not, and what a column is for",
  description:
    "Looks into a bundle: for a code cell its verdict, the reason, its statements in the scoring module and what was learned in it; for a column whether rows must bring it, the statements that name it, and the columns named beside it.",
  arguments: [{ name: "<cell|column>", summary: "number of a code cell, counted from 1, or name of a column" }],
  options: [{ flags: "--bundle <bundle>", summary: "folder, or beginning of the digest (default: the newest)" }],
  examples: ["iapp explain 8", "iapp explain TotalCharges", "iapp explain age --bundle 3f9c2a --json"],
  async run({ args, options }, host) {
    const { explain } = await import("../actions/explain/index.js");
    const layout = await findProject(host.cwd);
    const found = await explain(host.cwd, layout, args[0]!, options.bundle as string | undefined);
    host.result(found, () => (found.kind === "cell" ? cellText(found, host.style) : columnText(found, host.style)));
    return 0;
  },
});

function cellText(found: CellExplained, style: Style): string {
  const color = { score: style.green, train: style.cyan, drop: style.dim, failed: style.red };
  return [
    `${style.bold(`cell ${found.cell}`)}  ${color[found.verdict](found.verdict)}: ${found.reason}`,
    ...found.failures.map(({ ename, evalue, why }) => style.red(`fails: ${ename}: ${evalue}: ${why}`)),
    ...found.warnings.map(({ text }) => style.yellow(text)),
    ...moduleText(found, found.lines.length === 0 ? "nothing of it is in score.py" : "in score.py:", style),
    ...found.models.map((model) => `fits ${style.bold(model.name)}, a ${model.class}: its state is kept`),
  ].join("\n");
}

function columnText(found: ColumnExplained, style: Style): string {
  const { contract } = found;
  const role =
    contract === null
      ? "rows do not bring it: a name in the scoring module"
      : contract.required
        ? `rows must bring it (${contract.type}${contract.nullable ? ", may be missing" : ""})`
        : contract.target
          ? "the target: rows need not bring it"
          : "rows may leave it out: it changes nothing that the model is given";
  return [
    `${style.bold(found.column)}  ${role}`,
    ...(found.beside.length === 0 ? [] : [`named beside it: ${found.beside.join(", ")}`]),
    ...moduleText(found, found.lines.length === 0 ? "no statement of score.py names it" : "named in score.py:", style),
  ].join("\n");
}

function moduleText(found: CellExplained | ColumnExplained, title: string, style: Style): string[] {
  return [
    title,
    ...found.lines.map(
      ({ line, cell, text }) => `  ${style.dim(`${line} (cell ${cell})`)}  ${text.trim().replaceAll("\n", "\n  ")}`,
    ),
    ...found.frozen.map(({ name, summary, text }) => `learned ${style.bold(name)} = ${summary}, from ${oneLine(text)}`),
    ...found.checks.map(({ text, dropped, of }) => `rows left out of training: ${dropped} of ${of} (${oneLine(text)})`),
  ];
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").slice(0, 100);
