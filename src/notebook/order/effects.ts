import type { AnalysedCell } from "../analysis.js";
import { textOf } from "../python/tree.js";
import { isFit, isSplit } from "../report/catalogue.js";
import type { FlowStatement } from "../report/flow.js";
import { bringsUnseenNames } from "../report/imports.js";
import type { Look } from "./look.js";

/** What a cell takes from the cells that ran before it, and what it leaves to those that run after it. */
export interface Effects {
  reads: Set<string>;
  writes: Set<string>;
  /** It may read and change anything: a star import, `exec`, a shell command. */
  anything: boolean;
}

/** State that no name stands for. */
const ANYTHING = "all names (a shell command, a star import, exec)";
const NUMBERS = "the sequence of random numbers";
const fileState = (path: string | null): string => (path === null ? "files" : `the file ${path}`);

const RANDOM = /(^|\.)random\.\w+$|(^|\.)(sample|shuffle|permutation|choice|make_\w+)$/;
const SEED = /(^|\.)(seed|set_seed|manual_seed|set_random_seed|seed_everything)$/;
const OUTSIDE =
  /^(os\.(?!path|environ|getcwd|getenv|listdir)|shutil|subprocess|zipfile|tarfile|urllib|requests|wget|gdown)\b/;
/** Library functions that change what they are given. */
const CHANGES_ARGUMENTS = /(^|\.)(shuffle|put|copyto|fill_diagonal|place|putmask|heapify|insort)$/;

/** The effects of every cell, by its number. Names that only ever stand for one import are no effect: it is the same anywhere. */
export function effectsOf(cells: readonly AnalysedCell[], look: Look): Map<number, Effects> {
  const same = importedOnly(look.flow);
  const seeded = look.facts.calls.flat().some((call) => SEED.test(call.callee));
  return new Map(cells.map((cell) => [cell.cell, effectsOfCell(cell, look, same, seeded)]));
}

function effectsOfCell(cell: AnalysedCell, look: Look, same: ReadonlySet<string>, seeded: boolean): Effects {
  const reads = new Set<string>();
  const writes = new Set<string>();
  const own = new Set<string>();
  const shell = cell.masked.magics.some(({ action }) => action === "run");
  for (const statement of look.flow.filter((one) => one.cell === cell.cell)) {
    const { names } = statement;
    for (const name of statement.uses.keys()) if (!own.has(name)) reads.add(name);
    for (const name of [...statement.gives, ...names.deletes, ...names.bindsWhenCalled])
      if (!same.has(name) || names.mutates.has(name)) writes.add(name);
    for (const call of look.facts.calls[statement.index] ?? []) {
      if (SEED.test(call.callee)) writes.add(NUMBERS);
      const drawn = RANDOM.test(call.callee) || isSplit(call) || isFit(call);
      if (seeded && drawn && !call.keywords.has("random_state")) writes.add(NUMBERS);
      if (OUTSIDE.test(call.callee)) writes.add(fileState(null));
      if (CHANGES_ARGUMENTS.test(call.callee))
        for (const one of call.args) if (one.type === "identifier") writes.add(textOf(statement.tree, one));
    }
    // A branch or a loop may not have come to it.
    if (!/^(if|for|while|try|match)_statement$/.test(statement.node.type))
      for (const name of names.binds) own.add(name);
  }
  for (const { path, access } of look.files.filter((file) => file.cell === cell.cell)) {
    reads.add(fileState(null));
    (access === "write" ? writes : reads).add(fileState(path));
  }
  return { reads, writes, anything: shell || bringsUnseenNames(cell) };
}

/** Names that every statement which binds them imports by the same text. */
function importedOnly(flow: readonly FlowStatement[]): Set<string> {
  const texts = new Map<string, Set<string>>();
  for (const { names, node, tree } of flow) {
    for (const name of names.binds) {
      const text = /^import_(from_)?statement$/.test(node.type) ? importOf(name, textOf(tree, node)) : null;
      texts.set(name, (texts.get(name) ?? new Set()).add(text ?? `${node.start} ${tree.source}`));
    }
  }
  const imports = [...texts].filter(([, found]) => found.size === 1 && /^(import|from) /.test([...found][0]!));
  return new Set(imports.map(([name]) => name));
}

/** `from x import y` of `from x import (a, y)`: the rest of the statement does not decide what the name is. */
function importOf(name: string, statement: string): string {
  const text = statement.replace(/\s+/g, " ");
  const [, from, list] = /^(from \S+ )?import (.*)$/.exec(text) ?? [];
  const part = list?.split(/[(),]/).find((one) => one.trim().split(" ").at(-1)?.split(".")[0] === name);
  return `${from ?? ""}import ${part?.trim() ?? list}`;
}

/** What two cells share so that their order matters; null where they may run in either order. `except` does not count. */
export function shared(a: Effects, b: Effects, except: ReadonlySet<string>): string | null {
  if (a.anything || b.anything) return ANYTHING;
  for (const name of a.writes) if (!except.has(name) && (b.reads.has(name) || b.writes.has(name))) return name;
  for (const name of b.writes) if (!except.has(name) && a.reads.has(name)) return name;
  return null;
}
