import type { LogRecord } from "./record.js";

/**
 * Puts records of several sources in the order of their times. A record waits for `window` seconds, because another source may
 * still bring an earlier one; what comes even later is given out at once, out of order, and never dropped.
 */
export class Merger {
  readonly #window: number;
  #waiting: LogRecord[] = [];

  constructor(window: number) {
    this.#window = window;
  }

  push(records: readonly LogRecord[]): void {
    if (records.length === 0) return;
    this.#waiting.push(...records);
    // Array.sort is stable: lines of one source with the same time stay in their order.
    this.#waiting.sort((a, b) => a.t - b.t);
  }

  /** Records that have waited long enough. @param now seconds since the epoch */
  take(now: number): LogRecord[] {
    const limit = now - this.#window;
    let count = 0;
    while (count < this.#waiting.length && this.#waiting[count]!.t <= limit) count += 1;
    return this.#waiting.splice(0, count);
  }

  /** All that is left, at the end. */
  flush(): LogRecord[] {
    return this.#waiting.splice(0);
  }
}
