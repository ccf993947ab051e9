import type { AccessRecord } from "./server.js";

const PER_SECOND = 200;
const FLUSH_MS = 100;

/** Where the lines go: a file, or standard output in a container. */
export interface LogSink {
  append(lines: object[]): void;
  close(): void;
}

/**
 * One line a request, written in groups. Under load only the first 200 lines of a second are written, errors always;
 * how many were left out is said in a line of its own.
 */
export class AccessLog {
  readonly #sink: LogSink;
  #waiting: object[] = [];
  #timer: NodeJS.Timeout | null = null;
  #second = 0;
  #written = 0;
  #skipped = 0;

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  record(access: AccessRecord, t = Date.now() / 1000): void {
    const second = Math.floor(t);
    if (second !== this.#second) {
      this.#saySkipped(t);
      this.#second = second;
      this.#written = 0;
    }
    const failed = access.status === null || access.status >= 500;
    if (!failed && this.#written >= PER_SECOND) {
      this.#skipped += 1;
      this.#schedule();
      return;
    }
    this.#written += 1;
    const { id, method, path, version, status } = access;
    const ms = Math.round(access.ms * 100) / 100;
    this.#push({
      t,
      component: "router",
      level: failed ? "error" : status !== null && status >= 400 ? "warn" : "info",
      message: `${method} ${path} ${status ?? "aborted"} ${ms} ms`,
      version,
      request: id,
      status,
      ms,
    });
  }

  say(level: "info" | "warn" | "error", message: string, t = Date.now() / 1000): void {
    this.#push({ t, component: "router", level, message });
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#waiting;
    this.#waiting = [];
    this.#sink.append(lines);
  }

  /** The last words: also what was left out in the running second. */
  close(): void {
    this.#saySkipped(Date.now() / 1000);
    this.flush();
    this.#sink.close();
  }

  #saySkipped(t: number): void {
    if (this.#skipped === 0) return;
    this.#push({ t, component: "router", level: "info", message: `${this.#skipped} more requests not listed` });
    this.#skipped = 0;
  }

  #push(record: object): void {
    this.#waiting.push(record);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#skipped > 0 && Math.floor(Date.now() / 1000) !== this.#second) this.#saySkipped(Date.now() / 1000);
      this.flush();
      if (this.#skipped > 0) this.#schedule();
    }, FLUSH_MS);
  }
}
