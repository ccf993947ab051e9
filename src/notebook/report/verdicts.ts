import type { CellVerdict } from "../../core/contract.js";
import type { AnalysedCell } from "../analysis.js";
import { DISPLAY, dumped, METRIC } from "./catalogue.js";
import type { Facts } from "./facts.js";
import type { FlowStatement } from "./flow.js";
import type { Served } from "./served.js";
import type { Slice } from "./slice.js";
import { columnsStored, listed, sourceText } from "./words.js";

export interface CellEstimate {
  cell: number;
  verdict: CellVerdict;
  reason: string;
  first_line: string;
  directives: string[];
}

export interface Judged {
  facts: Facts;
  slice: Slice;
  served: Served | null;
}

const NEEDED = new Set(["score", "source", "fit", "split", "frozen", "seed", "train"]);

/** A cell that is not run. */
export function leftOut({ cell, directives, notebookCell }: AnalysedCell): CellEstimate {
  const by = directives.includes("skip") ? '"iapp: skip"' : '"skip" in iapp.yaml';
  return { cell, first_line: firstLine(notebookCell.source), directives, verdict: "drop", reason: `left out by ${by}` };
}

/** Verdict and reason of one cell that is run; `statements` are its own. */
export function judge(cell: AnalysedCell, statements: readonly FlowStatement[], judged: Judged): CellEstimate {
  const { directives, notebookCell } = cell;
  const base = { cell: cell.cell, first_line: firstLine(notebookCell.source), directives };
  const role = (statement: FlowStatement): string => judged.slice.roles[statement.index] ?? "drop";
  const scoring = statements.filter((one) => role(one) === "score");
  const training = statements.filter((one) => NEEDED.has(role(one)) && role(one) !== "score");
  const scores = scoring.some((one) => !isImport(one)) || (scoring.length > 0 && training.length === 0);
  if (scores && directives.includes("train-only")) {
    return { ...base, verdict: "train", reason: `"iapp: train-only"; ${scoreReason(scoring, judged)}` };
  }
  if (scores) return { ...base, verdict: "score", reason: scoreReason(scoring, judged) };
  if (training.length > 0) return { ...base, verdict: "train", reason: trainReason(training, judged) };
  return { ...base, verdict: "drop", reason: dropReason(cell, statements, judged) };
}

function isImport(statement: FlowStatement): boolean {
  return /import/.test(statement.node.type);
}

function scoreReason(statements: readonly FlowStatement[], { served }: Judged): string {
  const parts: string[] = [];
  const own = statements.filter((one) => one !== served?.call.statement);
  const columns = new Map<string, Set<string>>();
  const made = new Set<string>();
  const changed = new Set<string>();
  const defined = new Set<string>();
  const imported = new Set<string>();
  for (const one of own) {
    const into = isImport(one)
      ? imported
      : /(function|class|decorated)_definition/.test(one.node.type)
        ? defined
        : made;
    for (const name of one.names.binds) into.add(name);
    for (const [root, stored] of columnsStored(one))
      columns.set(root, new Set([...(columns.get(root) ?? []), ...stored]));
    for (const name of one.gives) if (!one.names.binds.has(name) && !columns.has(name)) changed.add(name);
  }
  for (const [root, names] of columns) parts.push(`makes ${listed("column", names)} of \`${root}\``);
  if (made.size > 0) parts.push(`makes ${listed("", made)}`);
  const rest = [...changed].filter((name) => !made.has(name) && !columns.has(name));
  if (rest.length > 0) parts.push(`changes ${listed("", rest)}`);
  if (defined.size > 0) parts.push(`defines ${listed("", defined)}`);
  if (imported.size > 0 && parts.length === 0) parts.push(`imports ${listed("", imported)}`);
  if (served !== null && statements.includes(served.call.statement))
    parts.push(`\`${served.guess.name}\` predicts: what is served`);
  return parts.join("; ") || "changes what the model is given";
}

function trainReason(statements: readonly FlowStatement[], { facts, slice, served }: Judged): string {
  const parts: string[] = [];
  const add = (text: string): void => {
    if (!parts.includes(text)) parts.push(text);
  };
  const plain = new Set<string>();
  const imported = new Set<string>();
  for (const one of statements) {
    const role = slice.roles[one.index];
    if (role === "source") {
      const source = facts.sources.find((read) => read.statement === one);
      const raw = source !== undefined && source === slice.source;
      add(
        `${source?.literal ? "writes out" : "reads"} ${raw ? "the raw table " : ""}${listed("", source?.names ?? [])}${sourceText(source)}`.trimEnd(),
      );
    } else if (role === "fit") {
      const fits = facts.models.filter((call) => call.statement === one && call.kind === "fit" && call.name !== null);
      for (const fit of fits) {
        const what = fit.className === null ? "" : ` (${fit.className.slice(fit.className.lastIndexOf(".") + 1)})`;
        add(`fits \`${fit.name}\`${what}${fit.name === served?.guess.name ? ", the served model" : ""}`);
      }
      if (fits.length === 0) add(`fits ${listed("", one.gives)}`);
    } else if (role === "split") add("splits the rows; scoring passes them through");
    else if (role === "frozen") add(`learns ${listed("", one.names.binds)}, frozen for scoring`);
    else if (role === "seed") add("sets the seed");
    else for (const name of one.gives) (isImport(one) ? imported : plain).add(name);
  }
  if (plain.size > 0) add(`gives ${listed("", plain)}, needed for training only`);
  if (parts.length === 0) add(`imports ${listed("", imported)} for training`);
  return parts.join("; ");
}

function dropReason(cell: AnalysedCell, statements: readonly FlowStatement[], { facts }: Judged): string {
  if (cell.notebookCell.source.trim() === "") return "empty";
  if (cell.masked.opaque) return `not Python (${cell.masked.magics.at(-1)?.text.split(/\s/)[0] ?? "%%"})`;
  const real = statements.filter((one) => !isPlaceholder(one));
  const { magics } = cell.masked;
  if (real.length === 0) {
    if (magics.length === 0) return "comments only";
    const installs = magics.every((magic) => magic.action === "ignore" && /\binstall\b/.test(magic.text));
    return installs
      ? "installs packages; the environment is made before the run"
      : magics.every((one) => one.kind === "help")
        ? "asks for help"
        : "magics and shell lines only";
  }
  const calls = real.flatMap((one) => (facts.calls[one.index] ?? []).filter((call) => call.within === null));
  if (real.every(isImport))
    return `imports ${listed(
      "",
      real.flatMap((one) => [...one.names.binds]),
    )}, which neither training nor scoring needs`;
  const given = new Set(real.flatMap((one) => [...one.names.binds]));
  if (calls.some((call) => dumped(call) !== null)) return "saves the model; the bundle holds it anyway";
  if (calls.some((call) => METRIC.test(call.method))) return "measures the model";
  if (given.size === 0 && calls.length === 0) return "shows a value";
  if (
    given.size === 0 &&
    calls.every((call) => DISPLAY.test(call.method) || /^(matplotlib|seaborn|plotly|IPython)\b/.test(call.callee))
  )
    return "shows tables or plots only";
  if (calls.some((call) => /^(matplotlib|seaborn|plotly|bokeh|altair)\b/.test(call.callee))) return "plots only";
  if (given.size === 0) return "changes nothing that the model needs";
  return `gives ${listed("", given)}, which the model does not need`;
}

/** What masking left in a magic's place. */
function isPlaceholder(statement: FlowStatement): boolean {
  const { tree, node } = statement;
  return node.type === "pass_statement" || /^0;?$/.test(tree.source.slice(node.start, node.end));
}

function firstLine(source: string): string {
  const lines = source.split(/\r?\n/).map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("#")) ?? lines.find((line) => line !== "") ?? "";
}
