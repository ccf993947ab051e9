import { type FileHandle, open } from "node:fs/promises";
import { LOG_KEEP } from "../core/log-file.js";
import { type LogRecord, parseRecord, type SourceLabels } from "./record.js";

const CHUNK = 262_144;

interface OpenFile {
  handle: FileHandle;
  inode: bigint;
}

/**
 * Follows one log through rotation: holds the file open, so that a rename takes nothing away, reads it to its end, then goes on
 * with the next newer one. Gives out whole lines only, each exactly once.
 */
export class LogSource {
  readonly path: string;
  readonly #labels: SourceLabels;
  #file: OpenFile | null = null;
  #offset = 0;
  #rest = Buffer.alloc(0);
  #time = 0;
  /** How often files vanished before they could be read. */
  gaps = 0;

  constructor(path: string, labels: SourceLabels) {
    this.path = path;
    this.#labels = labels;
  }

  /**
   * The last `count` records that `accept` takes, oldest first. Following goes on behind them.
   * @param accept is asked for each record from the newest file backwards; reading ends when enough are found.
   */
  async recent(count: number, accept: (record: LogRecord) => boolean): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    const files = await this.#open();
    for (const [i, file] of files.entries()) {
      const newest = i === 0;
      const data = newest ? await this.#begin(file) : await wholeFile(file.handle);
      const records = this.#parse(data).filter(accept);
      found.unshift(...records.slice(Math.max(0, records.length - (count - found.length))));
      if (!newest) await file.handle.close();
      if (found.length >= count) {
        for (const rest of files.slice(i + 1)) await rest.handle.close();
        break;
      }
    }
    return found;
  }

  /** Records written since the last look. */
  async poll(): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    if (this.#file === null) {
      // A file that has appeared meanwhile, perhaps rotated already: all of it is new.
      await this.#continueWith((await this.#open()).reverse(), records);
      return records;
    }
    await this.#drain(records);
    const { inode } = this.#file;
    const files = await this.#open();
    if (files[0]?.inode === inode) {
      for (const file of files) await file.handle.close();
      return records;
    }
    // Rotated. Whatever was written before the rename is there by now: read to the very end, then go on.
    await this.#drain(records);
    await this.#file.handle.close();
    this.#file = null;
    this.#rest = Buffer.alloc(0);
    const at = files.findIndex((file) => file.inode === inode);
    if (at < 0) this.gaps += 1;
    for (const old of at < 0 ? [] : files.slice(at)) await old.handle.close();
    await this.#continueWith((at < 0 ? files : files.slice(0, at)).reverse(), records);
    return records;
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = null;
  }

  /** Reads files, oldest first; the last one stays open. */
  async #continueWith(files: OpenFile[], records: LogRecord[]): Promise<void> {
    for (const [i, file] of files.entries()) {
      this.#file = file;
      this.#offset = 0;
      await this.#drain(records);
      if (i < files.length - 1) await file.handle.close();
    }
  }

  /**
   * The present file and those put aside, newest first, each once. They are opened from new to old: a rotation in the middle can
   * show a file twice, but cannot hide one.
   */
  async #open(): Promise<OpenFile[]> {
    const files: OpenFile[] = [];
    for (let i = 0; i <= LOG_KEEP; i++) {
      const handle = await open(i === 0 ? this.path : `${this.path}.${i}`, "r").catch(() => null);
      if (handle === null) continue;
      const inode = (await handle.stat({ bigint: true })).ino;
      if (files.some((file) => file.inode === inode)) await handle.close();
      else files.push({ handle, inode });
    }
    return files;
  }

  async #begin(file: OpenFile): Promise<Buffer> {
    this.#file = file;
    const data = await wholeFile(file.handle);
    // An unfinished last line is left for later.
    this.#offset = data.lastIndexOf(10) + 1;
    return data.subarray(0, this.#offset);
  }

  async #drain(records: LogRecord[]): Promise<void> {
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await this.#file!.handle.read(buffer, 0, CHUNK, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      const data = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
      const end = data.lastIndexOf(10) + 1;
      this.#rest = Buffer.from(data.subarray(end));
      records.push(...this.#parse(data.subarray(0, end)));
    }
  }

  /** Lines without a time take that of the line before, in their own file. */
  #parse(data: Buffer): LogRecord[] {
    const lines = data.toString("utf8").split("\n");
    return lines
      .filter((line) => line !== "")
      .map((line) => {
        const record = parseRecord(line, this.#labels, this.#time);
        this.#time = record.t;
        return record;
      });
  }
}

async function wholeFile(handle: FileHandle): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let offset = 0; ; ) {
    const buffer = Buffer.alloc(CHUNK * 4);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) return Buffer.concat(chunks);
    chunks.push(buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
}
