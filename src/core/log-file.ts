import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export interface LogFileOptions {
  /** A file that has reached this size is put aside before the next line. */
  maxBytes?: number;
  /** How many files put aside are kept: `name.1` is the newest. */
  keep?: number;
}

export const LOG_KEEP = 4;
const MAX_BYTES = 10 * 1024 * 1024;

/**
 * A log of whole lines with one writer. Rotation renames, it never truncates or copies: a reader that holds the file open loses
 * nothing and finds the newer files by name. Writing never throws: a full disk must not take the service down; `lost` counts.
 */
export class LogFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  #fd: number | null = null;
  #bytes = 0;
  /** Lines that could not be written. */
  lost = 0;

  constructor(path: string, options: LogFileOptions = {}) {
    this.#path = path;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#keep = options.keep ?? LOG_KEEP;
  }

  /** Appends records as one JSON document a line. */
  append(records: readonly object[]): void {
    if (records.length === 0) return;
    let chunk = "";
    for (const record of records) {
      chunk += `${JSON.stringify(record)}\n`;
      // A burst is cut into pieces of some size, so that one rotation is never far beyond the limit.
      if (chunk.length >= 262_144) {
        this.#write(chunk);
        chunk = "";
      }
    }
    if (chunk !== "") this.#write(chunk);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #write(chunk: string): void {
    try {
      if (this.#fd === null) this.#open();
      if (this.#bytes >= this.#maxBytes) this.#rotate();
      const data = Buffer.from(chunk);
      for (let done = 0; done < data.length; ) done += writeSync(this.#fd!, data, done);
      this.#bytes += data.length;
    } catch {
      this.lost += chunk.split("\n").length - 1;
      this.close();
    }
  }

  #open(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    this.#fd = openSync(this.#path, "a", 0o600);
    this.#bytes = fstatSync(this.#fd).size;
  }

  #rotate(): void {
    this.close();
    rmSync(`${this.#path}.${this.#keep}`, { force: true });
    for (let i = this.#keep - 1; i >= 0; i--) {
      try {
        renameSync(i === 0 ? this.#path : `${this.#path}.${i}`, `${this.#path}.${i + 1}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
    this.#open();
  }
}
