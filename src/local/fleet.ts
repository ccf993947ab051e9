import type { RouterStatus } from "../router/server.js";
import { prune } from "./prune.js";
import type { AppState, UnitStatus } from "./state.js";
import type { Unit } from "./unit.js";
import { scoringUnit, scoringUnitName, type Workshop } from "./units.js";

interface Member {
  version: string;
  unit: Unit;
  /** Since when it gets no new requests, or null. */
  retiring: number | null;
}

/** All scoring processes of an app: those that are wanted, and those that still finish what they began. */
export class Fleet {
  readonly #shop: Workshop;
  readonly #members = new Map<string, Member>();

  constructor(shop: Workshop) {
    this.#shop = shop;
  }

  /** Takes over what an earlier supervisor left: running processes, and the memory of crash loops. */
  adopt(state: AppState, now: number): void {
    for (const [version, statuses] of Object.entries(state.observed.versions)) {
      for (const before of statuses) {
        const unit = scoringUnit(this.#shop, state, version, before.serial);
        if (unit === undefined) continue;
        if (unit.adopt(before, now)) this.#members.set(before.unit, { version, unit, retiring: null });
        else if (before.phase === "crash-loop") {
          unit.restore(before);
          this.#members.set(before.unit, { version, unit, retiring: null });
        }
      }
    }
  }

  /** Starts what is wanted and missing, looks after all, and marks what is to go. */
  step(state: AppState, now: number): void {
    const wanted = new Map(state.desired.versions.map(({ name, serial }) => [scoringUnitName(name, serial), name]));
    for (const { name, serial } of state.desired.versions) {
      const key = scoringUnitName(name, serial);
      if (this.#members.has(key)) continue;
      const unit = scoringUnit(this.#shop, state, name, serial);
      if (unit === undefined) continue;
      this.#members.set(key, { version: name, unit, retiring: null });
      prune(this.#shop.paths, new Set(this.#members.keys()));
      // A supervisor that was killed may have started it without having noted it.
      if (!unit.adopt(undefined, now)) void unit.start(now);
    }
    for (const [key, member] of this.#members) {
      member.unit.tick(now);
      if (member.retiring === null && !wanted.has(key) && this.#replaced(member, wanted)) member.retiring = now;
    }
  }

  /** A process goes when its version is not wanted, or when its successor takes requests, or when it takes none itself. */
  #replaced(member: Member, wanted: Map<string, string>): boolean {
    const successor = [...wanted].find(([, version]) => version === member.version)?.[0];
    if (successor === undefined || !member.unit.serving) return true;
    return this.#members.get(successor)?.unit.serving === true;
  }

  /** Where new requests for a version may go, as `host:port`. */
  live(version: string): string[] {
    return [...this.#members.values()]
      .filter((member) => member.version === version && member.retiring === null && member.unit.serving)
      .map(({ unit }) => `127.0.0.1:${unit.file!.port}`);
  }

  get retiring(): boolean {
    return [...this.#members.values()].some((member) => member.retiring !== null);
  }

  /** Is nothing changing by itself? */
  get steady(): boolean {
    return [...this.#members.values()].every(
      ({ unit, retiring }) => retiring === null && (unit.phase === "ready" || unit.phase === "crash-loop"),
    );
  }

  /**
   * Stops those that have finished. `view` is what the router says after it has applied a route without them; null when no
   * router runs, so that nothing can be in flight.
   */
  release(state: AppState, view: RouterStatus | null, now: number): void {
    for (const [key, { unit, retiring }] of this.#members) {
      if (retiring === null) continue;
      const port = unit.file?.port;
      const inFlight = port == null ? 0 : (view?.in_flight_at[`127.0.0.1:${port}`] ?? 0);
      if (inFlight > 0 && now - retiring < state.settings.drain_ms) continue;
      void unit.stop(state.settings.grace_ms).then(() => this.#members.delete(key));
    }
  }

  async stopAll(grace: number): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ unit }) => unit.stop(grace)));
    this.#members.clear();
  }

  statuses(): Record<string, UnitStatus[]> {
    const found: Record<string, UnitStatus[]> = {};
    for (const { version, unit, retiring } of this.#members.values()) {
      const status = unit.status();
      found[version] ??= [];
      found[version].push(retiring === null ? status : { ...status, phase: "stopping" });
    }
    return found;
  }
}
