import { UserError } from "../core/errors.js";

export interface Diagnostic {
  severity: "error" | "warning";
  file: string;
  /** 1-based. */
  line: number;
  column: number;
  /** Number of characters that are meant, at least 1. */
  length: number;
  /** The key: `limits.cell_seconds`, empty for the whole file. */
  key: string;
  message: string;
  /** What to write instead. */
  hint: string | null;
  /** The line of the file, as it is. */
  source: string;
}

/** `file:line:col: message`, the line of the file and a caret below what is meant. */
export function diagnosticLines(diagnostic: Diagnostic): string[] {
  const { file, line, column, length, message, hint } = diagnostic;
  const head = `${file}:${line}:${column}: ${diagnostic.severity === "warning" ? "warning: " : ""}${message}${hint === null ? "" : ` (${hint})`}`;
  const number = String(line);
  const { text, at } = excerpt(diagnostic.source, column - 1);
  const width = Math.max(1, Math.min(length, [...text].length - at));
  return [head, `  ${number} | ${text}`, `  ${" ".repeat(number.length)} | ${" ".repeat(at)}${"^".repeat(width)}`];
}

const WIDTH = 100;

/** The part of a line around a column, tabs as blanks, so that the caret stands right. */
function excerpt(line: string, column: number): { text: string; at: number } {
  const clean = line.replace(/\t/g, " ").replace(/[\u0000-\u001f\u007f]/g, "·");
  if (clean.length <= WIDTH) return { text: clean, at: column };
  const from = Math.max(0, Math.min(column - WIDTH / 2, clean.length - WIDTH));
  return { text: clean.slice(from, from + WIDTH), at: column - from };
}

/** All errors of a file in one report. Exit code 2. */
export function configError(diagnostics: Diagnostic[]): UserError {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const first = errors[0]!;
  const count = errors.length === 1 ? "one problem" : `${errors.length} problems`;
  return new UserError("IAPP_CONFIG_INVALID", `${count} in ${first.file}`, {
    where: `${first.file}:${first.line}:${first.column}`,
    lines: diagnostics.flatMap(diagnosticLines),
    remedy: `Correct ${errors.length === 1 ? "it" : "them"} and try again.`,
    data: { diagnostics },
  });
}
