import type { ContractDocument, Piece, Program, RecordDocument } from "../core/contract.js";
import { constantLines } from "./constants.js";
import { docstring } from "./docstring.js";
import { featuresFunction, predictFunction, probaFunction } from "./functions.js";
import { importLines } from "./imports.js";
import { Cells } from "./layout.js";
import { namesIn } from "./names.js";
import { Naming } from "./naming.js";
import { ModuleParts } from "./parts.js";
import { PUBLIC, reach } from "./scope.js";
import { definitionBlocks, lateLines, learnedLines } from "./sections.js";
import { type ScoreMapEntry, Writer } from "./writer.js";

export interface GenerateOptions {
  /** What the proof found, for the docstring: `Proved on 5791 of 5791 rows: features equal, predictions equal.` */
  proof?: string | null;
}

export interface Generated {
  "score.py": string;
  "score.map.json": string;
  warnings: string[];
}

/**
 * Writes the scoring module of a recorded run: the author's statements in notebook order, with the record's edits.
 *
 * Without a contract (before the probe) every raw column is required.
 *
 * @throws Error when the record is refused, or contradicts the program.
 */
export function generate(
  program: Program,
  record: RecordDocument,
  contract: ContractDocument | null,
  options: GenerateOptions = {},
): Generated {
  const { source, served, result, predict } = record;
  if (record.status !== "ok" || source === null || served === null || result === null || predict === null) {
    throw new Error(`there is nothing to generate: the record is ${record.status}`);
  }
  const cells = new Cells(program);
  const naming = new Naming(
    record,
    allPieces(record).map((piece) => cells.original(piece)),
  );
  const parts = new ModuleParts(record, { source, result, predict }, cells, naming);
  const writer = new Writer();

  const body = new Writer();
  const functions = [
    featuresFunction(parts),
    predictFunction(parts),
    ...(record.proba === null ? [] : [probaFunction(parts)]),
  ];
  const moduleNames = new Set(functions.flatMap((one) => [...one.needs]));
  const mainNames = new Set(record.models.flatMap((model) => model.main_names));
  const kept = reach(parts.definitions, new Set([...moduleNames, ...mainNames]));
  const readable = kept.filter((definition) => !definition.piece.binds.some((name) => PUBLIC.has(name)));
  const nestedOnly = new Set(functions.flatMap((one) => one.nested));
  const atTop = parts.definitions.filter((definition) => readable.includes(definition) || !nestedOnly.has(definition));
  for (const definition of atTop) for (const name of definition.mentions) moduleNames.add(name);

  body.line(...learnedLines(parts, moduleNames));
  body.gap(1);
  body.line(...constantLines(source, contract, record.classes));
  definitionBlocks(body, atTop);
  body.gap(atTop.length > 0 ? 2 : 1);
  body.line(...lateLines(parts, moduleNames));
  for (const one of functions) {
    body.gap(2);
    one.write(body);
  }

  const used = namesIn(body.text());
  const { future, lines } = importLines(record.imports, used);
  writer.line(...docstring(program, record, options.proof ?? null));
  if (future.length > 0) writer.gap(1);
  writer.line(...future);
  writer.gap(1);
  writer.line(...naming.importLines(record, used, lines));
  writer.gap(1);
  const offset = writer.lines.length;
  writer.line(...body.lines);
  const map: ScoreMapEntry[] = body.map.map((entry) => shifted(entry, offset));
  const text = writer.text();
  return {
    "score.py": text,
    "score.map.json": `${JSON.stringify(map, null, 1)}\n`,
    warnings: warningsFor(parts, mainNames),
  };
}

function shifted(entry: ScoreMapEntry, by: number): ScoreMapEntry {
  return { ...entry, line: entry.line + by, end_line: entry.end_line + by };
}

function allPieces(record: RecordDocument): Piece[] {
  return [
    ...record.definitions,
    ...record.features,
    ...(record.result === null ? [] : [record.result]),
    ...record.post,
  ];
}

/** What a function cannot do that the notebook's top level can; the probe will show whether it matters. */
function warningsFor(parts: ModuleParts, mainNames: ReadonlySet<string>): string[] {
  const warnings: string[] = [];
  for (const name of ["globals", "locals", "vars", "exec", "eval", "get_ipython"]) {
    if (parts.mentions.has(name))
      warnings.push(`the scoring code calls ${name}(), which sees other variables in a module`);
  }
  for (const name of mainNames) {
    if (PUBLIC.has(name))
      warnings.push(`the model refers to the notebook's ${name}, a name the scoring module needs itself`);
  }
  return warnings;
}
