import type { FrozenValue, StoredModel } from "../core/contract.js";
import type { ModuleParts } from "./parts.js";
import { type Definition, PUBLIC } from "./scope.js";
import type { Writer } from "./writer.js";

const LISTED = 12;

/** `frozen = ...` with what it holds, the models, and the author's names for learned values. */
export function learnedLines(parts: ModuleParts, needed: ReadonlySet<string>): string[] {
  const { record, naming } = parts;
  const frozen = naming.of("frozen");
  const early = record.models.filter((model) => model.main_names.length === 0);
  const inline = record.frozen.filter((value) => value.bind !== "module");
  const binds = moduleBinds(parts, needed).filter((value) => !refersToMain(value));
  const open = record.frozen.length === 0 ? [] : [`${frozen} = ${naming.of("Frozen")}("frozen.json")`];
  return [
    ...withSummary(open, inline),
    ...binds.map((value) => bindLine(value, frozen)),
    ...early.flatMap((model) => modelLines(parts, model, needed)),
  ];
}

/** What can only be restored after the definitions it refers to. */
export function lateLines(parts: ModuleParts, needed: ReadonlySet<string>): string[] {
  const late = parts.record.models.filter((model) => model.main_names.length > 0);
  const frozen = parts.naming.of("frozen");
  return [
    ...moduleBinds(parts, needed)
      .filter(refersToMain)
      .map((value) => bindLine(value, frozen)),
    ...late.flatMap((model) => modelLines(parts, model, needed)),
  ];
}

/** Functions and classes at module level, two blank lines apart, each under its cell. */
export function definitionBlocks(writer: Writer, definitions: readonly Definition[]): void {
  for (const { piece, code, comments } of definitions) {
    if (code.trim() === "") continue;
    writer.gap(2);
    writer.line(`# cell ${piece.cell}`);
    writer.block({ cell: piece.cell, comments, code, piece: null, mapped: false }, "");
  }
}

/** `name = frozen.name  # what it is`. */
export function bindLine({ name, summary }: FrozenValue, frozen: string): string {
  return `${name} = ${frozen}.${name}${summary === "" ? "" : `  # ${oneLine(summary)}`}`;
}

function moduleBinds(parts: ModuleParts, needed: ReadonlySet<string>): FrozenValue[] {
  return parts.record.frozen.filter(({ name, bind }) => bind === "module" && needed.has(name) && !PUBLIC.has(name));
}

function modelLines(parts: ModuleParts, model: StoredModel, needed: ReadonlySet<string>): string[] {
  const alias = parts.aliases.get(model.name) ?? model.name;
  const fitted = model.origin.cell > 0 ? `, fitted in cell ${model.origin.cell}` : "";
  const line = `${alias} = ${parts.naming.of("Model")}("${model.name}")  # ${model.class}${fitted}`;
  const own = alias !== model.name && needed.has(model.name) && !PUBLIC.has(model.name);
  return own ? [line, `${model.name} = ${alias}`] : [line];
}

function refersToMain(value: FrozenValue): boolean {
  const names = (value.value as { main_names?: unknown } | null)?.main_names;
  return Array.isArray(names) && names.length > 0;
}

function withSummary(open: string[], values: readonly FrozenValue[]): string[] {
  const notes = values.map(({ name, summary }) => (summary === "" ? name : `${name}: ${oneLine(summary)}`));
  const single = `${open[0]}  # ${notes.join("; ")}`;
  if (open.length === 0 || notes.length === 0) return open;
  if (single.length <= 110) return [single];
  const more = notes.length > LISTED ? [`#   and ${notes.length - LISTED} more`] : [];
  return ["# Learned in training:", ...notes.slice(0, LISTED).map((note) => `#   ${note}`), ...more, ...open];
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > 80 ? `${flat.slice(0, 77)}...` : flat;
}
