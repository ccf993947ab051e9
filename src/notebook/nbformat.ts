import { UserError } from "../core/errors.js";
import type { Cell, CodeCell, Notebook, StoredOutput } from "./notebook.js";
import { damaged, decode, notANotebook } from "./unreadable.js";

type Json = Record<string, unknown>;

/**
 * Reads a notebook of nbformat 3 or 4. Tolerant of what people really have (missing metadata, ids, outputs), exact about what it is not:
 * every refusal is a `UserError` with code `IAPP_NOTEBOOK_*` saying what the file is and where it is wrong.
 */
export function parseNotebook(data: string | Uint8Array, fileName: string): Notebook {
  const text = decode(data, fileName);
  const wrong = notANotebook(text, fileName);
  if (wrong !== null) throw wrong;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw damaged(text, fileName);
  }
  return fromDocument(document, fileName);
}

function fromDocument(document: unknown, fileName: string): Notebook {
  if (!isObject(document)) throw notebookError(fileName, "its JSON is no object");
  const major = document.nbformat;
  if (major === undefined && document.cells === undefined && document.worksheets === undefined) {
    throw notebookError(fileName, `its JSON has no "cells" and no "nbformat" (its keys: ${keysOf(document)})`);
  }
  const format = { major: typeof major === "number" ? major : 4, minor: numberOr(document.nbformat_minor, 0) };
  if (format.major !== 3 && format.major !== 4) {
    throw new UserError(
      "IAPP_NOTEBOOK_VERSION",
      `${fileName} is in notebook format ${format.major}; 3 and 4 are read`,
      {
        remedy: "Open it in a current Jupyter and save it, or: jupyter nbconvert --to notebook --nbformat 4",
      },
    );
  }
  const metadata = isObject(document.metadata) ? document.metadata : {};
  const raw = format.major === 4 ? document.cells : sheets(document.worksheets);
  if (!Array.isArray(raw)) throw notebookError(fileName, `its "cells" are no list`);
  const language = languageOf(metadata, raw);
  if (language !== null && !/python|^sage$/i.test(language)) {
    throw new UserError(
      "IAPP_NOTEBOOK_LANGUAGE",
      `${fileName} is written in ${languageName(language)}; iapp serves notebooks in Python`,
      {
        remedy: "Give a notebook with a Python kernel.",
        data: { language },
      },
    );
  }
  const cells = readCells(raw, fileName);
  const code = cells.filter((cell): cell is CodeCell => cell.kind === "code");
  if (!code.some((cell) => cell.source.trim() !== "")) {
    const has = cells.length === 0 ? "no cells" : `${cells.length} cells, none of them with code`;
    throw new UserError("IAPP_NOTEBOOK_NO_CODE", `${fileName} has ${has}`, {
      remedy: "Give a notebook that trains a model.",
    });
  }
  refuseConflicts(code, fileName);
  const kernelspec = isObject(metadata.kernelspec) ? metadata.kernelspec : {};
  const info = isObject(metadata.language_info) ? metadata.language_info : {};
  return {
    fileName,
    format,
    kernel: { name: stringOrNull(kernelspec.name), displayName: stringOrNull(kernelspec.display_name) },
    languageVersion: stringOrNull(info.version),
    cells,
    code,
    metadata,
  };
}

function readCells(raw: unknown[], fileName: string): Cell[] {
  let number = 0;
  return raw.map((cell, position): Cell => {
    if (!isObject(cell)) throw notebookError(fileName, `cell ${position + 1} of the file is no object`);
    const isCode = cell.cell_type === "code";
    const source = joined(isCode ? (cell.source ?? cell.input) : cell.source);
    if (source === null)
      throw notebookError(
        fileName,
        `the source of cell ${position + 1} of the file is neither text nor a list of lines`,
      );
    if (!isCode) return { kind: cell.cell_type === "raw" ? "raw" : "markdown", position, source };
    const metadata = isObject(cell.metadata) ? cell.metadata : {};
    const count = cell.execution_count ?? cell.prompt_number;
    return {
      kind: "code",
      cell: ++number,
      position,
      id: stringOrNull(cell.id),
      source,
      tags: Array.isArray(metadata.tags) ? metadata.tags.filter((tag): tag is string => typeof tag === "string") : [],
      executionCount: typeof count === "number" ? count : null,
      outputs: outputsOf(cell.outputs),
      metadata,
    };
  });
}

/** Names of nbformat 3 (`pyout`, `pyerr`, `prompt_number`) become those of 4. */
function outputsOf(raw: unknown): StoredOutput[] {
  if (!Array.isArray(raw)) return [];
  return raw.filter(isObject).map((output) => {
    const type = String(output.output_type);
    const renamed = type === "pyout" ? "execute_result" : type === "pyerr" ? "error" : type;
    return { ...output, output_type: renamed };
  });
}

function sheets(raw: unknown): unknown {
  if (!Array.isArray(raw)) return raw;
  return raw.flatMap((sheet) => (isObject(sheet) && Array.isArray(sheet.cells) ? sheet.cells : []));
}

function languageOf(metadata: Json, cells: unknown[]): string | null {
  const info = isObject(metadata.language_info) ? stringOrNull(metadata.language_info.name) : null;
  if (info !== null) return info;
  if (isObject(metadata.kernelspec)) {
    const language = stringOrNull(metadata.kernelspec.language);
    if (language !== null && language !== "") return language;
    const name = stringOrNull(metadata.kernelspec.name) ?? "";
    const known = /^(ir|julia|javascript|scala|ruby|perl|octave|sql|bash|java|kotlin|csharp|fsharp|rust|go)\b/i.exec(
      name,
    );
    if (known !== null) return known[1]!;
  }
  const first = cells.find((cell) => isObject(cell) && cell.cell_type === "code");
  return isObject(first) ? stringOrNull(first.language) : null;
}

function languageName(language: string): string {
  if (/^(r|ir)$/i.test(language)) return "R";
  return language.charAt(0).toUpperCase() + language.slice(1);
}

/** A merge tool may have left its markers inside cells of a file that is still valid JSON. */
function refuseConflicts(code: CodeCell[], fileName: string): void {
  for (const { cell, source } of code) {
    const lines = source.split("\n");
    const line = lines.findIndex((text) => /^<{7}(\s|$)/.test(text)) + 1;
    if (line > 0 && lines.some((text) => /^>{7}(\s|$)/.test(text))) {
      throw new UserError("IAPP_NOTEBOOK_CONFLICT", "the cell holds merge-conflict markers (<<<<<<<)", {
        where: `${fileName}: cell ${cell}, line ${line}`,
        remedy: "Resolve the merge in this cell.",
        data: { cell, line },
      });
    }
  }
}

function notebookError(fileName: string, why: string): UserError {
  return new UserError("IAPP_NOTEBOOK_NOT_A_NOTEBOOK", `${fileName} is no notebook: ${why}`, {
    remedy: "Give a Jupyter notebook (.ipynb).",
  });
}

function keysOf(document: Json): string {
  const keys = Object.keys(document);
  return keys.length === 0 ? "none" : keys.slice(0, 5).join(", ") + (keys.length > 5 ? ", ..." : "");
}

function joined(source: unknown): string | null {
  if (source === undefined || source === null) return "";
  if (typeof source === "string") return source;
  return Array.isArray(source) && source.every((line) => typeof line === "string") ? source.join("") : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function stringOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}
