import type { RouteGuard } from "./route.js";

/** One outcome of the guarded version, with what the other one had answered, and failed to answer, by then. */
interface Moment {
  failed: boolean;
  others: number;
  othersFailed: number;
}

/**
 * Takes a new version out when it does nothing but fail, without waiting for anybody: the driver of a rollout looks twice a second, or may
 * be gone. Where the other version fails as well at that time, something else is broken, and nothing is taken out.
 */
export class Guard {
  #rule: RouteGuard | null = null;
  #generation = -1;
  /** Failures of the guarded version in a row, and whether it has ever succeeded. */
  #row = 0;
  #proven = false;
  /** Its last outcomes, newest last. */
  #window: Moment[] = [];
  #others = 0;
  #othersFailed = 0;
  #otherFailedLast = false;

  /** Starts anew with each route. */
  apply(rule: RouteGuard | null, generation: number): void {
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#rule = rule;
    this.#row = 0;
    this.#proven = false;
    this.#window = [];
    this.#others = 0;
    this.#othersFailed = 0;
    this.#otherFailedLast = false;
  }

  /** Takes note of an outcome. Returns why the guarded version must go, or null. */
  outcome(version: string, failed: boolean): string | null {
    const rule = this.#rule;
    if (rule === null) return null;
    if (version !== rule.version) {
      this.#others += 1;
      this.#othersFailed += Number(failed);
      this.#otherFailedLast = failed;
      return null;
    }
    this.#row = failed ? this.#row + 1 : 0;
    this.#proven ||= !failed;
    const moment = { failed, others: this.#others, othersFailed: this.#othersFailed };
    this.#window = [...this.#window, moment].slice(-rule.window);
    if (this.#otherFailedLast || this.#otherShare() >= rule.share / 2) return null;
    // One that has worked may have a bad moment: at 5 % errors four in a row come by chance in a hundred thousand requests.
    if (this.#row >= (this.#proven ? 3 * rule.in_row : rule.in_row)) return `${this.#row} requests in a row failed`;
    const failures = this.#window.filter((one) => one.failed).length;
    if (this.#window.length === rule.window && failures / rule.window >= rule.share) {
      return `${failures} of its last ${rule.window} requests failed`;
    }
    return null;
  }

  /** Failures of the other version in the time of the window, of all its answers then: both must have been asked in the same weather. */
  #otherShare(): number {
    const first = this.#window[0]!;
    return (this.#othersFailed - first.othersFailed) / Math.max(1, this.#others - first.others);
  }
}
