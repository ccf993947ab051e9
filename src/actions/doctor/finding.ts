import type { Context } from "../../core/events.js";
import type { ProjectLayout } from "../../project/layout.js";
import type { Interpreter } from "./interpreters.js";

export type Level = "ok" | "warn" | "fail";

/** One thing that was looked at. */
export interface Finding {
  /** Stable: `python`, `locks`, ... */
  check: string;
  level: Level;
  text: string;
  /** What a person can do about it. */
  remedy: string | null;
  /** Mends it without losing anything that could not be made again; resolves with what it did. Absent where it takes a person. */
  fix?: () => Promise<string>;
}

/** What every check is given. */
export interface Patient extends Context {
  layout: ProjectLayout;
  /** Looked for once, when first asked for. */
  interpreters: () => Promise<Interpreter[]>;
}

export type Check = (patient: Patient) => Promise<Finding[]>;

export const ok = (check: string, text: string): Finding => ({ check, level: "ok", text, remedy: null });

export const warn = (check: string, text: string, remedy: string | null, fix?: () => Promise<string>): Finding => ({
  check,
  level: "warn",
  text,
  remedy,
  ...(fix === undefined ? {} : { fix }),
});

export const fail = (check: string, text: string, remedy: string | null, fix?: () => Promise<string>): Finding => ({
  ...warn(check, text, remedy, fix),
  level: "fail",
});
