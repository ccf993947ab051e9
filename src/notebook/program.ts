import type { CellOrder, Program, ProgramCell, ProgramParameter, ProgramRemark, Span } from "../core/contract.js";
import { UserError } from "../core/errors.js";
import { type AnalysedCell, analyse } from "./analysis.js";
import { storedLines } from "./answers.js";
import { type Constant, constantsOf, environmentReads } from "./constants.js";
import type { Notebook } from "./notebook.js";
import { orderInWords } from "./order/words.js";
import { parameterOf, type Resolved, resolveParameter, type Settable, splitParameter } from "./parameters.js";
import { stringValue } from "./python/literals.js";
import type { PythonParser } from "./python/parser.js";
import { byteLength, Offsets } from "./text.js";

export interface ProgramOptions {
  /** Absolute path of the notebook. */
  path: string;
  /** Working directory of the kernel: the notebook's folder. */
  workdir: string;
  parser: PythonParser;
  /** `name=value`, as given by `-p`. A later one of the same name wins. */
  parameters?: readonly string[];
  /** Cells to leave out, besides those that say so themselves. */
  skip?: readonly number[];
  serve?: { name?: string | null; cell?: number | null };
  limits?: Partial<Program["limits"]>;
  stopOnError?: boolean;
  /** Further environment variables for the run. */
  env?: Readonly<Record<string, string>>;
  /** Of the static report: the order to run the cells in, and what is known of names that nothing defines. */
  order?: CellOrder | null;
  missing?: Readonly<Record<string, string>>;
  paths?: Readonly<Record<string, string>>;
  /** Further remarks. */
  remarks?: readonly ProgramRemark[];
}

export const DEFAULT_LIMITS: Program["limits"] = {
  cell_seconds: 3600,
  run_seconds: null,
  output_bytes_per_cell: 1_000_000,
};

/**
 * The plan of a training run (`program.json`): masked cells, parameters put into the source, what is skipped and served.
 * Unknown parameters, directives and cell numbers are `UserError`s.
 */
export function buildProgram(notebook: Notebook, options: ProgramOptions): Program {
  const analysed = analyse(notebook, options.parser);
  const resolved = resolveAll(analysed, options.parameters ?? []);
  const env: Record<string, string> = { ...options.env };
  const cells = analysed.map((cell) => programCell(cell, options.skip ?? []));
  const parameters = resolved.map((one) => parameterOf(one, null));
  // From the end of each cell, so that replacing one value moves no other that is still to be replaced.
  for (const one of [...resolved].sort((a, b) => startOf(b) - startOf(a))) {
    if (one.how === "env") env[one.name] = one.value;
    else {
      const parameter = parameters[resolved.indexOf(one)]!;
      parameter.span = replaceValue(cells[one.constant.cell - 1]!, one.constant, one.text, parameters);
    }
  }
  const serve = serveOf(cells, options.serve ?? {});
  return {
    schema: "iapp.program/1",
    notebook: options.path,
    workdir: options.workdir,
    language_version: /^\d+\.\d+/.exec(notebook.languageVersion ?? "")?.[0] ?? null,
    cells: inOrder(cells, options.order ?? null),
    order: options.order ?? null,
    remarks: [...orderRemarks(options.order ?? null), ...(options.remarks ?? [])],
    missing: { ...options.missing },
    answers: storedLines(analysed),
    paths: { ...options.paths },
    parameters,
    serve,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    stop_on_error: options.stopOnError ?? false,
    env,
  };
}

/** The cells as they are run; those that are left out come last. */
function inOrder(cells: readonly ProgramCell[], order: CellOrder | null): ProgramCell[] {
  if (order === null) return [...cells];
  const run = order.cells.map((number) => cells[number - 1]!);
  return [...run, ...cells.filter((cell) => !run.includes(cell))];
}

function orderRemarks(order: CellOrder | null): ProgramRemark[] {
  const said = order === null ? [] : orderInWords(order);
  return said.map(({ cell, text }) => ({ code: "IAPP_NOTEBOOK_ORDER", cell, line: null, text }));
}

/** What `-p` can set in this notebook. */
export function settableOf(analysed: readonly AnalysedCell[]): Settable {
  const constants = analysed.flatMap(({ cell, tree, notebookCell }) =>
    constantsOf(tree, cell, notebookCell.tags.includes("parameters")),
  );
  for (const constant of constants) {
    const bindings = analysed.flatMap(({ statements }) =>
      statements.filter(({ names }) => names.binds.has(constant.name)),
    );
    const plain = constants.filter((other) => other.name === constant.name);
    constant.rebound = bindings.length > plain.length;
  }
  const environment = analysed.flatMap(({ tree }) =>
    environmentReads(tree, (node) => stringValue(tree, node)).map(({ name }) => name),
  );
  return { constants, environment: [...new Set(environment)] };
}

function resolveAll(analysed: readonly AnalysedCell[], given: readonly string[]): Resolved[] {
  if (given.length === 0) return [];
  const settable = settableOf(analysed);
  const values = new Map(given.map(splitParameter).map(({ name, value }) => [name, value]));
  return [...values].map(([name, value]) => resolveParameter(name, value, settable));
}

function programCell({ cell, notebookCell, masked, directives }: AnalysedCell, skip: readonly number[]): ProgramCell {
  return {
    cell,
    position: notebookCell.position,
    id: notebookCell.id,
    source: masked.source,
    skip: skip.includes(cell) || directives.includes("skip"),
    directives,
    magics: masked.magics,
  };
}

function startOf(resolved: Resolved): number {
  return resolved.how === "env" ? 0 : resolved.constant.start;
}

/** Puts a value into a cell's source, keeping its height, and moves the spans behind it. Returns the new value's span. */
function replaceValue(cell: ProgramCell, constant: Constant, text: string, others: ProgramParameter[]): Span {
  const old = cell.source.slice(constant.start, constant.end);
  const lines = old.match(/\r?\n/g) ?? [];
  const replacement = lines.length === 0 ? text : `(${text}${lines.join("")})`;
  const start = new Offsets(cell.source).byte(constant.start);
  const end = start + byteLength(replacement);
  const shift = byteLength(replacement) - byteLength(old);
  cell.source = cell.source.slice(0, constant.start) + replacement + cell.source.slice(constant.end);
  const moved = ([from, to]: Span): Span => (from < start ? [from, to] : [from + shift, to + shift]);
  cell.magics = cell.magics.map((magic) => ({ ...magic, span: moved(magic.span) }));
  for (const other of others) if (other.cell === cell.cell && other.span !== null) other.span = moved(other.span);
  return [start, end];
}

function serveOf(
  cells: readonly ProgramCell[],
  asked: { name?: string | null; cell?: number | null },
): Program["serve"] {
  const count = cells.length;
  const cell = asked.cell ?? null;
  if (cell !== null && !(Number.isInteger(cell) && cell >= 1 && cell <= count)) {
    throw new UserError("IAPP_NOTEBOOK_CELL_NUMBER", `there is no cell ${cell}`, {
      remedy: `Code cells are numbered from 1 to ${count}; iapp check lists them.`,
    });
  }
  const said = cells.filter((one) => one.directives.includes("serve"));
  if (said.length > 1 && cell === null && (asked.name ?? null) === null) {
    throw new UserError("IAPP_NOTEBOOK_DIRECTIVE", 'more than one cell says "iapp: serve"', {
      where: `cells ${said.map((one) => one.cell).join(", ")}`,
      remedy: "Leave it in one of them, or name the model with --serve.",
    });
  }
  const name = asked.name ?? null;
  return { name, cell: cell ?? (name === null ? (said[0]?.cell ?? null) : null) };
}
