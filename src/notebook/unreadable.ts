import { UserError } from "../core/errors.js";
import { findJsonFault } from "./json-fault.js";

/** Bytes or text as text: UTF-8 with or without a byte order mark. Anything else is an error that says what it looks like. */
export function decode(data: string | Uint8Array, fileName: string): string {
  if (typeof data === "string") return data.replace(/^\uFEFF/, "");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch (cause) {
    throw new UserError("IAPP_NOTEBOOK_ENCODING", `${fileName} is ${looksLike(data)}, not a notebook in UTF-8`, {
      remedy: "Save it from Jupyter as .ipynb, or convert it to UTF-8.",
      cause,
    });
  }
}

function looksLike(data: Uint8Array): string {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => data[i] === byte);
  if (starts(0x50, 0x4b, 3, 4)) return "a zip archive";
  if (starts(0x1f, 0x8b)) return "gzip-compressed";
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) return "text in UTF-16";
  if (starts(0x80) || starts(0x89, 0x50)) return "binary data";
  return "text in another encoding";
}

/** The reason why a text is no notebook at all, before it is read as JSON; null when it may be one. */
export function notANotebook(text: string, fileName: string): UserError | null {
  if (text.trim() === "") {
    return new UserError("IAPP_NOTEBOOK_EMPTY", `${fileName} is empty`, {
      remedy: "Save the notebook again, or take it from version control.",
    });
  }
  if (/\.pyw?$/i.test(fileName)) {
    return new UserError("IAPP_NOTEBOOK_SCRIPT", `${fileName} is a Python script, not a notebook`, {
      remedy: "Give the .ipynb file. A script can be turned into one: jupytext --to notebook SCRIPT.py",
    });
  }
  const start = text.trimStart();
  const kind = /^<(!doctype|html)/i.test(start)
    ? "a web page (perhaps the page about the notebook instead of the file itself)"
    : /^version https:\/\/git-lfs/.test(start)
      ? "a Git LFS pointer: the file itself has not been fetched (git lfs pull)"
      : start.startsWith("{") || /^[<|>=]{7}/.test(start)
        ? null
        : "not JSON";
  if (kind === null) return null;
  return new UserError("IAPP_NOTEBOOK_NOT_A_NOTEBOOK", `${fileName} is no notebook: it is ${kind}`, {
    remedy: "Give a Jupyter notebook (.ipynb).",
  });
}

/** The error for a text that should be JSON but is not: merge conflict, cut off, or damaged, with the place. */
export function damaged(text: string, fileName: string): UserError {
  const conflict = /^(<{7}|>{7}|\|{7})(\s|$)/m.exec(text);
  if (conflict !== null) {
    const line = lineAt(text, conflict.index);
    return new UserError("IAPP_NOTEBOOK_CONFLICT", `the file holds merge-conflict markers (${conflict[1]})`, {
      where: `${fileName}:${line}`,
      remedy: "Resolve the merge: nbdime mergetool, or git checkout --ours / --theirs.",
      data: { line },
    });
  }
  const fault = findJsonFault(text);
  const index = fault?.index ?? 0;
  const line = lineAt(text, index);
  const column = index - text.lastIndexOf("\n", index - 1);
  const inside = insideWhat(fault?.path ?? []);
  if (fault?.truncated === true) {
    return new UserError(
      "IAPP_NOTEBOOK_TRUNCATED",
      `the notebook is cut off: the file ends after ${index} characters, in line ${line}${inside}`,
      {
        where: fileName,
        remedy: "Save it again from Jupyter, or take it from version control or .ipynb_checkpoints.",
        data: { line },
      },
    );
  }
  return new UserError("IAPP_NOTEBOOK_DAMAGED", `the notebook is not valid JSON here${inside}`, {
    where: `${fileName}:${line}:${column}`,
    remedy: "Take the last good version from version control or .ipynb_checkpoints.",
    data: { line },
  });
}

function insideWhat(path: (string | number)[]): string {
  const at = path.indexOf("cells");
  const cell = at < 0 ? undefined : path[at + 1];
  if (typeof cell === "number") return `, inside the ${ordinal(cell + 1)} cell of the file`;
  return path.length > 0 ? `, inside "${path.join(".")}"` : "";
}

function ordinal(n: number): string {
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

function lineAt(text: string, index: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < index; i = text.indexOf("\n", i + 1)) line++;
  return line;
}
