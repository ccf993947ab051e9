import type { CellOrder } from "../core/contract.js";
import type { AnalysedCell } from "./analysis.js";
import { analyse } from "./analysis.js";
import { constantsOf, environmentReads } from "./constants.js";
import { type ApiUse, apiUses } from "./era/index.js";
import type { Notebook } from "./notebook.js";
import { type Look, runOrder } from "./order/index.js";
import { assignmentOf, type ImportNames } from "./python/calls.js";
import { constantString } from "./python/constant-strings.js";
import { stringValue } from "./python/literals.js";
import type { PythonParser } from "./python/parser.js";
import { textOf } from "./python/tree.js";
import { type DataFile, dataFilesOf } from "./report/data-files.js";
import { factsOf } from "./report/facts.js";
import { type FlowStatement, flowOf } from "./report/flow.js";
import { type ImportedModule, importsOf } from "./report/imports.js";
import { interactiveProblems } from "./report/problems/interactive.js";
import { hiddenState, missingNames, orderProblems } from "./report/problems/order.js";
import { pathProblems } from "./report/problems/paths.js";
import { leakageProblems, seedProblems } from "./report/problems/practice.js";
import { type Problem, problemOverall } from "./report/problems/problem.js";
import { syntaxProblems } from "./report/problems/syntax.js";
import { type Confidence, type Served, type ServedGuess, servedModel } from "./report/served.js";
import { type Slice, sliceOf } from "./report/slice.js";
import { type CellEstimate, judge, leftOut } from "./report/verdicts.js";
import { type NotebookRequirement, requirements } from "./requirements.js";

export interface StaticReportOptions {
  parser: PythonParser;
  /** What the person said is served. */
  serve?: { name?: string | null; cell?: number | null };
  /** Names of modules and packages that lie beside the notebook. */
  localModules?: ReadonlySet<string>;
  /** Cells that are left out, besides those that say so themselves. */
  skip?: readonly number[];
}

export interface SourceGuess {
  name: string;
  cell: number;
  line: number;
  /** The call as written. */
  call: string;
  path: string | null;
  confidence: Confidence;
  /** Other tables that reach the model's input. */
  others: { name: string; cell: number }[];
}

export interface SettableParameter {
  name: string;
  how: "cell" | "env" | "assign";
  cell: number;
  line: number;
  /** The value as written, where there is one. */
  value: string | null;
}

/** What can be told of a notebook without running it. Verdicts are estimates; the run's record is exact. */
export interface StaticReport {
  estimate: true;
  served: ServedGuess | null;
  source: SourceGuess | null;
  cells: CellEstimate[];
  imports: ImportedModule[];
  requirements: NotebookRequirement[];
  data_files: DataFile[];
  /** What training or scoring uses that not every version of its library has. */
  apis: ApiUse[];
  environment: { name: string; cell: number; line: number }[];
  parameters: SettableParameter[];
  problems: Problem[];
  /** Another order than top to bottom in which the cells are run. */
  order: CellOrder | null;
  /** Names that nothing defines before their use, with what to do about each. */
  missing: Record<string, string>;
}

/** Everything that the report says of the cells in one order. */
interface Seen extends Look {
  served: Served | null;
  slice: Slice;
}

/** Looks at a whole notebook without running anything. */
export function staticReport(notebook: Notebook, options: StaticReportOptions): StaticReport {
  const cells = analyse(notebook, options.parser);
  const live = cells.filter(({ directives, cell }) => !directives.includes("skip") && !options.skip?.includes(cell));
  const imports = importsOf(live, options.localModules ?? new Set());
  const serve = options.serve ?? {};
  const asked = { name: serve.name ?? null, cell: serve.cell ?? saidBy(live) };
  const ordered = runOrder(live, (inOrder) => seen(inOrder, imports.names, asked));
  const { order, refused } = ordered;
  const { flow, facts, served, slice, needed, files } = ordered.look;
  const checked = { cells: ordered.cells, flow, needed };
  return {
    estimate: true,
    served: served?.guess ?? null,
    source: sourceOf(slice, served, imports.names, flow),
    cells: cells.map((cell) => {
      if (!live.includes(cell)) return leftOut(cell);
      const own = flow.filter((one) => one.cell === cell.cell);
      return judge(cell, own, { facts, slice, served });
    }),
    imports: imports.modules,
    requirements: requirements(notebook),
    data_files: files,
    apis: apiUses(flow.filter(needed), imports.names),
    environment: environmentOf(live),
    parameters: parametersOf(live),
    problems: [
      ...noModel(served, asked, facts.models.length > 0),
      ...[
        ...syntaxProblems(checked),
        ...hiddenState(checked, notebook, refused),
        ...interactiveProblems(checked, facts, imports.modules),
        ...pathProblems(files),
        ...leakageProblems(checked, facts),
        ...seedProblems(checked, facts),
      ].sort((a, b) => (a.cell ?? 0) - (b.cell ?? 0) || (a.line ?? 0) - (b.line ?? 0)),
      ...orderProblems(checked, order),
    ],
    order,
    missing: missingNames(checked, notebook, refused),
  };
}

/** The notebook as it is when its cells run in this order. */
function seen(
  cells: readonly AnalysedCell[],
  imports: ImportNames,
  asked: { name: string | null; cell: number | null },
): Seen {
  const flow = flowOf(cells.flatMap(({ statements, tree }) => statements.map((statement) => ({ statement, tree }))));
  const facts = factsOf(flow, imports);
  const served = servedModel(facts, flow, asked);
  const slice = sliceOf(flow, facts, served);
  const needed = (statement: FlowStatement): boolean => (slice.roles[statement.index] ?? "drop") !== "drop";
  const files = dataFilesOf(flow, facts, knownStrings(flow, imports), imports, needed);
  return { flow, facts, served, slice, needed, files };
}

function saidBy(cells: readonly AnalysedCell[]): number | null {
  return cells.find((cell) => cell.directives.includes("serve"))?.cell ?? null;
}

function noModel(served: Served | null, asked: { name: string | null; cell: number | null }, any: boolean): Problem[] {
  if (served !== null) return [];
  if (asked.name !== null || asked.cell !== null) {
    const what = [
      asked.name === null ? "" : ` named "${asked.name}"`,
      asked.cell === null ? "" : ` in cell ${asked.cell}`,
    ].join("");
    return [
      problemOverall({
        code: "IAPP_NOTEBOOK_NO_MODEL",
        level: "error",
        message: `no model${what} is fitted or predicts`,
        remedy: "Leave the choice out to see which models are found.",
      }),
    ];
  }
  return [
    problemOverall({
      code: "IAPP_NOTEBOOK_NO_MODEL",
      level: "error",
      message: any
        ? "no model is fitted or predicts here, only data are prepared: there is nothing to serve"
        : "no call of fit or predict is found: there is no model to serve",
      remedy: "Give the notebook that trains the model.",
    }),
  ];
}

function sourceOf(
  slice: Slice,
  served: Served | null,
  imports: ImportNames,
  flow: readonly FlowStatement[],
): SourceGuess | null {
  const { source, otherSources } = slice;
  if (source === null || served === null) return null;
  const { tree, cell, line } = source.statement;
  return {
    name: source.names[0] ?? "",
    cell,
    line,
    call: textOf(tree, source.call.node),
    path: constantString(tree, source.call.args[0], knownStrings(flow, imports), imports),
    confidence: otherSources.length > 0 ? "guess" : served.guess.confidence === "certain" ? "certain" : "likely",
    others: otherSources.map((one) => ({ name: one.names[0] ?? "", cell: one.statement.cell })),
  };
}

/** Top-level names whose text is known, assigned exactly once. */
function knownStrings(flow: readonly FlowStatement[], imports: ImportNames): Map<string, string> {
  const known = new Map<string, string>();
  const times = new Map<string, number>();
  for (const { names } of flow) for (const name of names.binds) times.set(name, (times.get(name) ?? 0) + 1);
  for (const { tree, node } of flow) {
    const assignment = assignmentOf(tree, node);
    const target = assignment?.targets.length === 1 ? assignment.targets[0] : null;
    if (assignment === null || typeof target !== "string" || times.get(target) !== 1) continue;
    const text = constantString(tree, assignment.value, known, imports);
    if (text !== null) known.set(target, text);
  }
  return known;
}

function environmentOf(cells: readonly AnalysedCell[]): StaticReport["environment"] {
  return cells.flatMap(({ cell, tree, offsets }) =>
    environmentReads(tree, (node) => stringValue(tree, node)).map(({ name, node }) => ({
      name,
      cell,
      line: offsets.line(node.start),
    })),
  );
}

/** What `-p` can set: names of a `parameters` cell, environment variables, constants assigned once at the top level. */
function parametersOf(cells: readonly AnalysedCell[]): SettableParameter[] {
  const constants = cells.flatMap(({ cell, tree, notebookCell }) =>
    constantsOf(tree, cell, notebookCell.tags.includes("parameters")),
  );
  const bindings = new Map<string, number>();
  for (const { statements } of cells)
    for (const { names } of statements)
      for (const name of names.binds) bindings.set(name, (bindings.get(name) ?? 0) + 1);
  const tagged = constants.filter((one) => one.tagged);
  const once = constants.filter((one) => !one.tagged && one.kind !== null && bindings.get(one.name) === 1);
  const environment = environmentOf(cells);
  return [
    ...tagged.map(({ name, cell, line, text }) => ({ name, how: "cell" as const, cell, line, value: text })),
    ...environment.map(({ name, cell, line }) => ({ name, how: "env" as const, cell, line, value: null })),
    ...once.map(({ name, cell, line, text }) => ({ name, how: "assign" as const, cell, line, value: text })),
  ];
}
