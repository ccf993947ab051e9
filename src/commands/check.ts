import { resolve } from "node:path";
import type { CheckResult } from "../actions/check/index.js";
import { UserError } from "../core/errors.js";
import type { Host, Style } from "../core/host.js";
import { table } from "../ui/table.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "look at a notebook without running it: what is served, what each cell is for",
  description:
    "Reads the notebook, not its data, and runs nothing: no Python is needed. Says which model would be served and from which table, what each cell is for, what the notebook needs, and what stands in the way. All of it is an estimate; `iapp train` is exact.",
  arguments: [{ name: "<notebook>", summary: "the notebook" }],
  options: [
    { flags: "--serve <name>", summary: "as if this model were served" },
    { flags: "--cell <n>", summary: "as if the prediction in this code cell were served" },
    { flags: "--annotate", summary: "one line per problem: file:cell:line:column: level: message" },
  ],
  examples: [
    "iapp check churn.ipynb",
    "iapp check churn.ipynb --json | jq .served",
    "iapp check churn.ipynb --annotate",
  ],
  async run({ args, options }, host) {
    const { check } = await import("../actions/check/index.js");
    const cell = options.cell === undefined ? null : Number(options.cell);
    if (cell !== null && !(Number.isSafeInteger(cell) && cell > 0)) {
      throw new UserError(
        "IAPP_CLI_VALUE",
        `--cell needs a whole number above zero, not ${JSON.stringify(options.cell)}`,
      );
    }
    const given = args[0]!;
    const serve = { name: (options.serve as string | undefined) ?? null, cell };
    const result = await check(host, { notebook: resolve(host.cwd, given), serve });
    host.result(result, () => (options.annotate === true ? annotations(result, given) : text(result, host)));
    return result.ok ? 0 : 2;
  },
});

function annotations({ problems }: CheckResult, given: string): string {
  return problems
    .map(({ cell, line, column, level, message }) => {
      const place = cell === null ? "" : `:cell ${cell}:${line ?? 1}:${(column ?? 0) + 1}`;
      return `${given}${place}: ${level}: ${message}`;
    })
    .join("\n");
}

function text(result: CheckResult, host: Host): string {
  const { style } = host;
  const color = { score: style.green, train: style.cyan, drop: style.dim, failed: style.red };
  const rows = result.cells.map(({ cell, verdict, first_line, reason }) => [
    String(cell),
    color[verdict](verdict),
    first_line.slice(0, 32),
    reason,
  ]);
  return [
    ...served(result, style),
    "",
    table(["cell", "for", "first line", "why (estimate)"], rows, host.columns),
    "",
    ...needs(result),
    ...problems(result, style),
  ].join("\n");
}

function served({ served: model, source }: CheckResult, style: Style): string[] {
  if (model === null) return [style.red("nothing to serve is found")];
  const kind = model.class === null ? "" : ` (${model.class})`;
  const lines = [
    `serves  ${style.bold(model.name)}${kind}, ${model.method} in cell ${model.cell}: ${model.why} [${model.confidence}]`,
  ];
  for (const other of model.alternatives.slice(0, 3)) {
    lines.push(
      style.dim(
        `        not ${other.name}${other.class === null ? "" : ` (${other.class})`}, cell ${other.cell}: choose it with --serve ${other.name}`,
      ),
    );
  }
  if (source !== null)
    lines.push(`from    ${source.call} as ${style.bold(source.name)} in cell ${source.cell} [${source.confidence}]`);
  return lines;
}

function needs(result: CheckResult): string[] {
  const lines: string[] = [];
  const packages = result.imports.filter(({ kind }) => kind === "package").map(({ distribution }) => distribution!);
  const local = result.imports.filter(({ kind }) => kind === "local").map(({ name }) => name);
  const files = result.data_files.filter(({ path, access }) => path !== null && access === "read");
  const add = (label: string, words: string[]): void => {
    if (words.length > 0) lines.push(`${label.padEnd(12)}${[...new Set(words)].join(", ")}`);
  };
  add("packages", packages);
  add(
    "versions",
    result.versions.map(({ requirement, why }) => `${requirement} (${why})`),
  );
  add("modules", local);
  add(
    "installs",
    result.requirements.map(({ text: line }) => line),
  );
  add(
    "reads",
    files.map(({ path, exists, twins, kind, written_by: by }) => {
      const written = by.length === 0 ? "" : `written by ${by.join(" or ")}`;
      if (written !== "") return `${path} (${exists === false ? "not there, " : ""}${written})`;
      if (twins.length === 1) return `${path} (${kind === "url" ? "where it cannot be reached: " : ""}${twins[0]})`;
      return `${path}${exists === false ? " (not there)" : ""}`;
    }),
  );
  add(
    "environment",
    result.environment.map(({ name }) => name),
  );
  add(
    "parameters",
    result.parameters.slice(0, 12).map(({ name, value }) => (value === null ? name : `${name}=${brief(value)}`)),
  );
  return lines;
}

function problems({ problems: found }: CheckResult, style: Style): string[] {
  if (found.length === 0) return ["", style.green("no problems seen")];
  const mark = { error: style.red("error  "), warning: style.yellow("warning"), info: style.dim("note   ") };
  return [
    "",
    ...found.flatMap(({ level, cell, line, message, remedy }) => [
      `${mark[level]} ${cell === null ? "" : style.bold(`cell ${cell}${line === null ? "" : `, line ${line}`}: `)}${message}`,
      ...(remedy === null ? [] : [`        ${style.cyan("→")} ${remedy}`]),
    ]),
  ];
}

function brief(value: string): string {
  const line = value.replace(/\s+/g, " ");
  return line.length > 30 ? `${line.slice(0, 29)}…` : line;
}
