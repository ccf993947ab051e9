import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { processStart } from "./process.js";

export interface ProcessId {
  pid: number;
  /** See `processStart`: with the pid it names one process for good. */
  start: string | null;
}

/**
 * What a background process writes about itself, so that whoever comes later finds it: also when the one that started it died
 * before it could note anything.
 */
export interface ProcessFile extends ProcessId {
  schema: "iapp.process/1";
  /** `router`, `scoring-v1-1`. */
  unit: string;
  /** The program inside a keeper: in the keeper's process group. */
  child: ProcessId | null;
  /** Value of the environment variable that all its descendants inherit. */
  mark: string | null;
  port: number | null;
  /** Port of the router's own routes. */
  admin: number | null;
  started: number;
  /** Set when it is over. */
  exit: { code: number | null; signal: string | null; t: number; error: string | null } | null;
}

/** Synchronous, because a process writes it between two steps that must not be separated. Atomic by rename. */
export function writeProcessFile(path: string, file: ProcessFile): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

export function readProcessFile(path: string): ProcessFile | null {
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as ProcessFile;
    return file.schema === "iapp.process/1" && Number.isInteger(file.pid) && file.pid > 1 ? file : null;
  } catch {
    return null;
  }
}

/** This process, as a start for its own file. */
export function ownProcess(unit: string, started: number): ProcessFile {
  return {
    schema: "iapp.process/1",
    unit,
    pid: process.pid,
    start: processStart(process.pid),
    child: null,
    mark: null,
    port: null,
    admin: null,
    started,
    exit: null,
  };
}
