import { resolve } from "node:path";
import type { TrainInput, TrainResult } from "../actions/train/index.js";
import { UserError } from "../core/errors.js";
import type { Host } from "../core/host.js";
import { quoted } from "../core/quoted.js";
import { type CommandInput, defineCommand, type OptionSpec } from "./command.js";

/** Flags of everything that trains: `train` and `deploy`. */
export const TRAIN_OPTIONS: OptionSpec[] = [
  { flags: "-p, --param <name=value>", summary: "set a parameter of the notebook (repeatable)", collect: true },
  { flags: "--serve <name>", summary: "serve this model, where iapp would choose another" },
  { flags: "--cell <n>", summary: "serve the prediction made in this code cell, counted from 1" },
  { flags: "--python <python>", summary: "version (3.11) or path of the Python to use" },
  {
    flags: "--era <month>",
    summary: "libraries as they were then (2022-06), or newest (default: what the code needs)",
  },
  { flags: "--resolver <name>", summary: "what resolves packages", choices: ["uv", "pip"], default: "uv" },
  { flags: "--cuda", summary: "use builds of PyTorch for graphics cards (default: for processors)" },
  { flags: "--cell-timeout <seconds>", summary: "longest time for one cell (default: 3600)" },
  { flags: "--timeout <seconds>", summary: "longest time for the whole run (default: none)" },
  { flags: "--stop-on-error", summary: "end at the first failing cell, whether it matters or not" },
  { flags: "--force", summary: "run although nothing has changed" },
];

/** The typed input of a training run, from the flags above. @throws UserError naming the flag that is wrong */
export function trainInput(notebook: string, { options }: CommandInput, name: string | null = null): TrainInput {
  return {
    notebook,
    name,
    parameters: (options.param as string[] | undefined) ?? [],
    python: (options.python as string | undefined) ?? null,
    era: (options.era as string | undefined) ?? null,
    resolver: options.resolver === "pip" ? "pip" : "uv",
    cuda: options.cuda === true,
    serve: { name: (options.serve as string | undefined) ?? null, cell: wholeNumber(options.cell, "--cell") },
    cellSeconds: seconds(options.cellTimeout, "--cell-timeout"),
    runSeconds: seconds(options.timeout, "--timeout"),
    stopOnError: options.stopOnError === true,
    force: options.force === true,
  };
}

export default defineCommand({
  summary: "run the notebook as a training job and write a proved bundle",
  description:
    "Runs every cell in a kernel of its own, cuts out what turns a raw row into the model's input, generates a scoring module and proves that its answers equal the notebook's own. A failing cell does not end the run: data flow says whether it mattered.",
  arguments: [{ name: "<notebook>", summary: "the notebook" }],
  options: [{ flags: "--name <name>", summary: "name of the app (default: the notebook's)" }, ...TRAIN_OPTIONS],
  examples: [
    "iapp train churn.ipynb",
    "iapp train churn.ipynb -p n_trees=500 --force",
    "iapp train prices.ipynb --serve best_model --json",
    "iapp train churn.ipynb --python 3.11 --cell-timeout 600",
  ],
  async run(input, host) {
    const { train } = await import("../actions/train/index.js");
    const name = (input.options.name as string | undefined) ?? null;
    const result = await train(host, trainInput(resolve(host.cwd, input.args[0]!), input, name));
    host.result(result, () => trainText(result, host));
    return { verified: 0, unequal: 1, failed: 1, refused: 2 }[result.status];
  },
});

function wholeNumber(value: unknown, flag: string): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new UserError("IAPP_CLI_VALUE", `${flag} needs a whole number above zero, not ${JSON.stringify(value)}`);
}

function seconds(value: unknown, flag: string): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new UserError("IAPP_CLI_VALUE", `${flag} needs a number of seconds, not ${JSON.stringify(value)}`);
}

export function trainText(result: TrainResult, host: Host): string {
  const lines = result.status === "verified" ? verified(result, host) : notVerified(result, host);
  return lines.join("\n");
}

function verified(
  { record, verification, agreement, bundle, reused, notes, notebook, name }: TrainResult,
  { style, cwd }: Host,
): string[] {
  const lines: string[] = [];
  const served = record?.served;
  const rows = verification?.rows;
  lines.push(
    reused
      ? `${style.green("✓")} nothing has changed: the earlier run's bundle is used`
      : `${style.green("✓")} ${style.bold(name)} is proved`,
  );
  if (served)
    lines.push(
      `  serves   ${served.name} (${served.class}), ${served.method} in cell ${served.cell}: ${served.why} (${served.confidence})`,
    );
  if (rows)
    lines.push(
      `  proved   ${rows.batch} rows at once, ${rows.single} one by one, ${rows.required_only} with required columns only`,
    );
  if (agreement !== null && agreement.cells.length > 0) {
    const { equal, close, different } = agreement;
    const rest = [close > 0 ? `${close} nearly so` : "", different > 0 ? `${different} not` : ""].filter(Boolean);
    const as = rest.length > 0 ? `; ${rest.join(", ")}` : "";
    lines.push(`  outputs  ${equal} of ${agreement.cells.length} cells print the numbers stored in the notebook${as}`);
  }
  for (const { cell, text: condition, dropped, of } of record?.checks ?? []) {
    lines.push(`  check    cell ${cell}: ${condition} (${dropped} of ${of} rows were left out of training)`);
  }
  for (const { cell, text: warning } of (record?.warnings ?? []).slice(0, 5)) {
    lines.push(`  ${style.yellow("warning")}  ${cell === null ? "" : `cell ${cell}: `}${warning}`);
  }
  for (const note of verification?.notes ?? []) lines.push(`  ${style.yellow("note")}     ${note}`);
  for (const failure of record?.failures ?? []) {
    lines.push(`  ${style.dim(`cell ${failure.cell} failed (${failure.ename}) and did not matter: ${failure.why}`)}`);
  }
  if (bundle !== null)
    lines.push(`  bundle   ${shorter(bundle.dir, cwd)}`, `  report   ${shorter(bundle.dir, cwd)}/report.html`);
  if (!reused) for (const note of notes) lines.push(`  ${style.dim(note)}`);
  lines.push("", "next:", `  ${style.cyan(`iapp deploy ${quoted(shorter(notebook, cwd))}`)}`);
  return lines;
}

function notVerified({ status, record, verification, problem, runDir }: TrainResult, { style, cwd }: Host): string[] {
  const lines: string[] = [];
  const refusal = record?.refusal ?? null;
  if (status === "refused" && refusal !== null) {
    const where =
      refusal.cell === null ? "" : `cell ${refusal.cell}${refusal.line === null ? "" : `, line ${refusal.line}`}: `;
    lines.push(`${style.red("refused")} ${style.bold(where)}${refusal.reason}`);
    if (refusal.statement !== null) lines.push(`  ${style.dim(refusal.statement)}`);
    const failure = record?.failures.find(({ cell }) => cell === refusal.cell);
    for (const frame of failure?.traceback ?? []) lines.push(`  ${style.dim(frame)}`);
    if (refusal.remedy !== null) lines.push(`  ${style.cyan("→")} ${refusal.remedy}`);
    lines.push(style.dim(`  ${refusal.code}`));
  } else if (status === "unequal") {
    const first = verification?.first_difference ?? null;
    const place = first?.cell == null ? "" : `cell ${first.cell}${first.line === null ? "" : `, line ${first.line}`}: `;
    lines.push(
      `${style.red("not equal")} ${style.bold(place)}the scoring module does not compute what the notebook computes`,
    );
    if (first !== null) {
      if (first.statement !== null) lines.push(`  ${style.dim(first.statement)}`);
      lines.push(
        `  ${first.column === null ? "" : `column ${first.column}, `}row ${first.row}: ${first.actual} instead of ${first.expected} (${first.where})`,
      );
    }
    if (verification?.error) lines.push(`  ${verification.error}`);
    lines.push(`  ${style.cyan("→")} nothing is served; everything about it is in ${shorter(runDir, cwd)}`);
  } else {
    lines.push(
      `${style.red("failed")} ${problem ?? "the run did not come to its end"}`,
      `  its documents and logs are in ${shorter(runDir, cwd)}`,
    );
  }
  return lines;
}

function shorter(path: string, cwd: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}
