import type { ContractColumn, ContractDocument, RawSource } from "../core/contract.js";
import { dictAssignment, pythonLiteral, stringLiteral } from "./literal.js";

type SourceColumn = RawSource["columns"][number];

const TYPES: Record<ContractColumn["type"], string> = {
  integer: "int",
  number: "float",
  boolean: "bool",
  string: "str",
  datetime: '"datetime"',
  category: "str",
};

/**
 * The lines that say what a row is: `SOURCE`, `REQUIRED`, `OPTIONAL`, `MODEL_CLASSES`.
 *
 * Without a contract (before the probe) every column is required.
 */
export function constantLines(
  source: RawSource,
  contract: ContractDocument | null,
  classes: unknown[] | null,
): string[] {
  const learned = new Map(contract?.columns.map((column) => [column.name, column]));
  const required: [string, string][] = [];
  const optional: [string, string][] = [];
  for (const column of source.columns) {
    const known = learned.get(String(column.name));
    const key = pythonLiteral(column.name);
    if (known === undefined || known.required) required.push([key, known ? TYPES[known.type] : typeOf(column)]);
    else optional.push([key, pythonLiteral(known.default)]);
  }
  return [
    ...dictAssignment("REQUIRED", required),
    ...dictAssignment("OPTIONAL", optional, optional.length > 0 ? "never change what the model is given" : ""),
    ...sourceLines(source),
    `MODEL_CLASSES = ${pythonLiteral(classes)}`,
  ];
}

function typeOf({ dtype }: SourceColumn): string {
  if (/^u?int/i.test(dtype)) return "int";
  if (/^float/i.test(dtype)) return "float";
  if (/^bool/.test(dtype)) return "bool";
  return /^datetime/.test(dtype) ? '"datetime"' : "str";
}

function sourceLines(source: RawSource): string[] {
  const columns = source.columns.map((column) => [pythonLiteral(column.name), columnLiteral(column)] as const);
  const inline = `{${columns.map(([key, value]) => `${key}: ${value}`).join(", ")}}`;
  const rest: [string, string][] = [];
  if (source.shape !== undefined) rest.push(['"shape"', pythonLiteral(source.shape)]);
  if (source.item !== undefined) rest.push(['"item"', stringLiteral(source.item)]);
  const kind: [string, string] = ['"kind"', stringLiteral(source.kind)];
  const single = dictAssignment("SOURCE", [kind, ['"columns"', inline], ...rest]);
  if (single.length === 1) return single;
  const tail = rest.map(([key, value]) => `    ${key}: ${value},`);
  const table = columns.map(([key, value]) => `        ${key}: ${value},`);
  return ["SOURCE = {", `    "kind": ${kind[1]},`, '    "columns": {', ...table, "    },", ...tail, "}"];
}

function columnLiteral(column: SourceColumn): string {
  if (column.categories === undefined) return stringLiteral(column.dtype);
  return `{"categories": ${pythonLiteral(column.categories)}, "ordered": ${pythonLiteral(column.ordered ?? false)}}`;
}
