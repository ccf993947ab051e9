import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileError } from "../core/fs.js";
import { Told } from "./attempts.js";
import { WrongSize } from "./failure.js";
import type { Wanted } from "./keys.js";

/**
 * Writes an object's bytes to its file below the folder: under another name until all of them are there.
 * @throws WrongSize, Told where the disk is to blame, and what the connection fails with
 */
export async function download(
  open: (signal: AbortSignal) => Promise<{ body: Readable; size: number | undefined }>,
  { path, size }: Pick<Wanted, "path" | "size">,
  folder: string,
  silenceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const file = join(folder, path);
  const parent = dirname(file);
  const temporary = join(parent, `.${randomBytes(8).toString("hex")}.part`);
  const silence = new Silence(silenceMs);
  const either = AbortSignal.any([signal, silence.signal]);
  try {
    await mkdir(parent, { recursive: true }).catch(blameDisk(file));
    const answer = await open(either);
    if (answer.size !== undefined && answer.size !== size) {
      answer.body.destroy();
      throw new WrongSize(`it has ${answer.size} bytes now, and had ${size} in the list of the bucket`);
    }
    silence.begin();
    const got = await written(answer.body, temporary, silence, either);
    if (got !== size) throw new WrongSize(`${got} of ${size} bytes came`);
    await rename(temporary, file).catch(blameDisk(file));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw silence.signal.aborted ? silence.signal.reason : error;
  } finally {
    silence.end();
  }
}

async function written(body: Readable, path: string, silence: Silence, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      silence.broken();
      done(null, chunk);
    },
  });
  const out = createWriteStream(path);
  let disk: Error | null = null;
  out.once("error", (error: NodeJS.ErrnoException) => {
    // A pipeline gives what has failed on one side to the other one, too.
    if (error.syscall === "open" || error.syscall === "write" || error.syscall === "close") disk ??= error;
  });
  await pipeline(body, counter, out, { signal }).catch((error: unknown) => {
    throw disk === null ? error : new Told(fileError(path, "written", disk));
  });
  return bytes;
}

const blameDisk =
  (path: string) =>
  (cause: unknown): never => {
    throw new Told(fileError(path, "written", cause));
  };

/** Aborts where no piece comes for so long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  begin(): void {
    const error = new Error(`no byte for ${Math.round(this.#ms / 1000)} s`);
    this.#timer = setTimeout(() => this.#controller.abort(error), this.#ms);
  }

  broken(): void {
    this.#timer?.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
