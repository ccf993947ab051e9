import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { fileError } from "../../core/fs.js";

/** Where predictions go. */
export interface Sink {
  write(text: string): Promise<void>;
  end(): Promise<void>;
  /** Something failed: nothing half-done may look finished. */
  abort(): Promise<void>;
}

/** Standard output: what has been written stays written. */
export function streamSink(write: (text: string) => Promise<void>): Sink {
  return { write, end: async () => undefined, abort: async () => undefined };
}

/** A file that appears under its name only when it is whole. */
export class FileSink implements Sink {
  readonly path: string;
  readonly temporary: string;
  #file: FileHandle | null = null;

  constructor(path: string) {
    this.path = path;
    this.temporary = `${path}.part`;
  }

  async write(text: string): Promise<void> {
    try {
      this.#file ??= await open(this.temporary, "w");
      await this.#file.write(text);
    } catch (cause) {
      throw fileError(this.path, "written", cause);
    }
  }

  async end(): Promise<void> {
    await this.write("");
    await this.#file?.close();
    await rename(this.temporary, this.path);
  }

  async abort(): Promise<void> {
    await this.#file?.close();
    await rm(this.temporary, { force: true });
  }
}
