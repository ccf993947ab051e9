import type { Context } from "./events.js";

export interface Choice<T> {
  value: T;
  name: string;
  description?: string;
}

/** The person's side of a command: chosen in `cli.ts`, implemented in `ui/`. */
export interface Host extends Context {
  /** A terminal on both sides and not `--json`, not `CI`. Where false, every question fails naming its flag. */
  readonly interactive: boolean;
  readonly json: boolean;
  readonly yes: boolean;
  /** Bytes or text straight to standard output, or error (streams: logs, predictions). Resolves when flushed; EPIPE ends the command with 0. */
  write(chunk: string | Uint8Array, to?: "stdout" | "stderr"): Promise<void>;
  /** The command's one result: `document` for `--json` (printed once), `text` for people. */
  result(document: unknown, text: string | (() => string)): void;
  /** Bytes from standard input, or null where it is a terminal. */
  stdin(): AsyncIterable<Uint8Array> | null;
  confirm(question: string, options: { flag: string; fallback?: boolean }): Promise<boolean>;
  select<T>(question: string, choices: Choice<T>[], options: { flag: string }): Promise<T>;
  input(question: string, options: { flag: string; fallback?: string }): Promise<string>;
  /** Styling that is empty where colours are off. */
  readonly style: Style;
  /** Width of the terminal in columns, 80 where there is none. */
  readonly columns: number;
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}
