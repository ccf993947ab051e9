import { readFileSync } from "node:fs";
import { writeJson } from "../core/fs.js";
import { parseRoute, type RouteDocument } from "../router/route.js";
import type { RouterStatus } from "../router/server.js";
import { planRoute, sameRoute } from "./plan-route.js";
import { routerStatus } from "./router-link.js";
import type { AppState, Observed, UnitStatus } from "./state.js";
import type { Unit } from "./unit.js";
import { routerUnit, type Workshop } from "./units.js";

const POLL_MS = 1000;

/** The router process and the route it is given. */
export class Front {
  readonly #shop: Workshop;
  #unit: Unit | null = null;
  #leaving: Promise<void> | null = null;
  #route: RouteDocument | null = null;
  #view: RouterStatus | null = null;
  #nextPoll = 0;

  constructor(shop: Workshop) {
    this.#shop = shop;
  }

  adopt(state: AppState, now: number): void {
    this.#route = readRoute(this.#shop.paths.route);
    const before = state.observed.router;
    if (before === null) return;
    const unit = routerUnit(this.#shop, state, before.serial);
    if (unit.adopt(before, now)) this.#unit = unit;
    else if (before.phase === "crash-loop") {
      unit.restore(before);
      this.#unit = unit;
    }
  }

  /** Writes the route when it has to be another one, keeps the router running, asks it what it has applied. */
  async step(state: AppState, live: (version: string) => string[], waiting: boolean, now: number): Promise<void> {
    const known = Math.max(this.#route?.generation ?? 0, this.#view?.generation ?? 0, state.observed.route.generation);
    const next = planRoute(state, live, known + 1);
    // A router that is ahead of what was written was given a route by hand: it has to get the right one again.
    const isAhead = (this.#view?.generation ?? 0) > (this.#route?.generation ?? 0);
    if (this.#route === null || isAhead || !sameRoute(this.#route, next)) {
      await writeJson(this.#shop.paths.route, next);
      this.#route = next;
    }
    this.#ensure(state, now);
    this.#unit?.tick(now);
    if (!this.applied || waiting || now >= this.#nextPoll) {
      const admin = this.#unit?.file?.admin ?? null;
      this.#view = admin === null ? null : await routerStatus(admin);
      this.#nextPoll = now + POLL_MS;
    }
  }

  #ensure(state: AppState, now: number): void {
    if (this.#leaving !== null) return;
    const serial = state.desired.router;
    if (this.#unit !== null && this.#unit.spec.serial !== serial) {
      // One after the other: they may want the same port.
      this.#leaving = this.stop(state).then(() => {
        this.#leaving = null;
      });
      return;
    }
    if (this.#unit !== null) return;
    this.#unit = routerUnit(this.#shop, state, serial);
    if (!this.#unit.adopt(undefined, now)) void this.#unit.start(now);
  }

  /** Lets the router drain and end. */
  async stop(state: AppState): Promise<void> {
    await this.#unit?.stop(state.settings.drain_ms + 2000);
    this.#unit = null;
    this.#view = null;
  }

  /** Has the router applied the present route? */
  get applied(): boolean {
    return this.#route !== null && this.#view !== null && this.#view.generation === this.#route.generation;
  }

  /** No process that could hold a request. */
  get absent(): boolean {
    return this.#leaving === null && this.#unit?.serving !== true;
  }

  get view(): RouterStatus | null {
    return this.#view;
  }

  get steady(): boolean {
    return this.#leaving === null && this.applied && this.#unit?.phase === "ready";
  }

  status(): UnitStatus | null {
    return this.#unit?.status() ?? null;
  }

  routeStatus(): Observed["route"] {
    return {
      generation: this.#route?.generation ?? 0,
      applied: this.#view?.generation ?? 0,
      problem: this.#view?.problem ?? null,
    };
  }
}

function readRoute(path: string): RouteDocument | null {
  try {
    return parseRoute(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
