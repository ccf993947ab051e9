import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { gzipSync } from "fflate";

/** Each member of the file holds this many bytes of the tar: bounds memory and lets others work in between. */
const MEMBER = 4 << 20;
const LEVEL = 4;
/** More would only wait for the disk. */
const MOST_WORKERS = 8;

/** One gzip member (RFC 1952). mtime 0 means "no time stamp"; byte 9 names the operating system, 255 is "unknown". */
function member(data: Uint8Array): Uint8Array {
  const packed = gzipSync(data, { level: LEVEL, mtime: 0 });
  packed[9] = 255;
  return packed;
}

const WORKER = `
const { parentPort, workerData } = require("node:worker_threads");
const { gzipSync } = require(workerData.fflate);
parentPort.on("message", (data) => {
  const packed = gzipSync(data, { level: workerData.level, mtime: 0 });
  packed[9] = 255;
  parentPort.postMessage(packed, [packed.buffer]);
});
`;

/** A thread that compresses one member at a time. */
class Packer {
  readonly #worker: Worker;
  #waiting: { resolve: (packed: Uint8Array) => void; reject: (error: unknown) => void } | null = null;

  /** @param fflate path of the compressor's module */
  constructor(fflate: string) {
    this.#worker = new Worker(WORKER, { eval: true, workerData: { fflate, level: LEVEL } });
    this.#worker.on("message", (packed: Uint8Array) => this.#waiting?.resolve(packed));
    this.#worker.on("error", (error) => this.#waiting?.reject(error));
  }

  pack(data: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(data);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Null in a copy of iapp without its dependencies: everything is then done in this thread. */
function compressorPath(): string | null {
  try {
    return createRequire(import.meta.url).resolve("fflate");
  } catch {
    return null;
  }
}

/**
 * Compresses as a series of gzip members (RFC 1952, 2.2), which every reader takes as one file. The compressor is written in JavaScript on
 * purpose: Node's own gives other bytes on other versions and processors, and a layer must have one digest everywhere. The members do not
 * depend on each other, so as many are made at once as there are processors.
 */
export async function* gzipMembers(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const packers: Packer[] = [];
  const pending: Promise<Uint8Array>[] = [];
  const fflate = compressorPath();
  const most = Math.min(MOST_WORKERS, availableParallelism());
  let turn = 0;
  try {
    for await (const data of slices(source)) {
      // A small layer is not worth a thread.
      if (fflate === null || (data.length < MEMBER && packers.length === 0)) {
        yield Buffer.from(member(data));
        continue;
      }
      if (pending.length >= most) yield Buffer.from(await pending.shift()!);
      if (packers.length < most) packers.push(new Packer(fflate));
      pending.push(packers[turn % packers.length]!.pack(data));
      turn += 1;
    }
    while (pending.length > 0) yield Buffer.from(await pending.shift()!);
  } finally {
    // A reader that stops early leaves promises behind that nobody waits for.
    for (const left of pending) left.catch(() => undefined);
    await Promise.all(packers.map((packer) => packer.end()));
  }
}

/** The source cut anew into pieces of `MEMBER` bytes; the last may be shorter. */
async function* slices(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (size + rest.length >= MEMBER) {
      const cut = MEMBER - size;
      parts.push(rest.subarray(0, cut));
      rest = rest.subarray(cut);
      yield Buffer.concat(parts, MEMBER);
      parts = [];
      size = 0;
    }
    if (rest.length > 0) {
      parts.push(rest);
      size += rest.length;
    }
  }
  if (size > 0) yield Buffer.concat(parts, size);
}
