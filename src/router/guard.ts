import type { RouteGuard } from "./route.js";

/**
 * Takes a new version out when it does nothing but fail, without waiting for anybody: the driver of a rollout looks twice a second, or may
 * be gone. Where the other version fails as well, something else is broken, and nothing is taken out.
 */
export class Guard {
  #rule: RouteGuard | null = null;
  #generation = -1;
  /** Failures of the guarded version in a row, and whether it has ever succeeded. */
  #row = 0;
  #proven = false;
  /** Its last outcomes, newest last; true is a failure. */
  #window: boolean[] = [];
  /** Failures of the other version in a row. */
  #others = 0;

  /** Starts anew with each route. */
  apply(rule: RouteGuard | null, generation: number): void {
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#rule = rule;
    this.#row = 0;
    this.#proven = false;
    this.#window = [];
    this.#others = 0;
  }

  /** Takes note of an outcome. Resolves to why the guarded version must go, or null. */
  outcome(version: string, failed: boolean): string | null {
    const rule = this.#rule;
    if (rule === null) return null;
    if (version !== rule.version) {
      this.#others = failed ? this.#others + 1 : 0;
      return null;
    }
    this.#row = failed ? this.#row + 1 : 0;
    this.#proven ||= !failed;
    this.#window = [...this.#window, failed].slice(-rule.window);
    if (this.#others > 0) return null;
    // One that has worked may have a bad moment: at 5 % errors four in a row come by chance in a hundred thousand requests.
    if (this.#row >= (this.#proven ? 3 * rule.in_row : rule.in_row)) return `${this.#row} requests in a row failed`;
    const failures = this.#window.filter(Boolean).length;
    if (this.#window.length === rule.window && failures / rule.window >= rule.share) {
      return `${failures} of its last ${rule.window} requests failed`;
    }
    return null;
  }
}
