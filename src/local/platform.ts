import type { RouterEvidence } from "../core/evidence.js";
import { TakenOver } from "../rollout/driver.js";
import type { Platform, RouteWish, StartOutcome, VersionView } from "../rollout/platform.js";
import { type AppHandle, desire, waitFor } from "./control.js";
import { routerEvidence } from "./router-link.js";
import { type AppState, type DesiredVersion, readState, type UnitStatus } from "./state.js";

/** The newest process of a version, the one that counts. */
export function newest(state: AppState, version: string): UnitStatus | undefined {
  const serial = state.desired.versions.find(({ name }) => name === version)?.serial;
  return state.observed.versions[version]?.find((unit) => unit.serial === serial);
}

export const isServing = (unit: UnitStatus | undefined): boolean =>
  unit?.phase === "ready" || unit?.phase === "unready";

/** A serial that no process of this version has had, so that a new one is started. */
export function nextSerial(state: AppState, version: string): number {
  const used = [
    ...state.desired.versions.filter(({ name }) => name === version).map(({ serial }) => serial),
    ...(state.observed.versions[version] ?? []).map(({ serial }) => serial),
  ];
  return Math.max(0, ...used) + 1;
}

/** Blue-green on this machine: one process a version, one router, one state file. */
export class LocalPlatform implements Platform {
  readonly #app: AppHandle;
  readonly #held: () => boolean;

  /** @param held false once another one has taken over: whoever slept meanwhile changes nothing any more */
  constructor(app: AppHandle, held: () => boolean = () => true) {
    this.#app = app;
    this.#held = held;
  }

  /** Looked at under the state's own lock, so that nothing can come between. */
  #desire(change: (state: AppState) => AppState): Promise<AppState> {
    return desire(this.#app, (state) => {
      if (!this.#held()) throw new TakenOver();
      return change(state);
    });
  }

  async view(): Promise<VersionView[]> {
    const state = await readState(this.#app.dir);
    return (state?.desired.versions ?? []).map(({ name, weight }) => {
      const units = state!.observed.versions[name] ?? [];
      return {
        name,
        color: state!.versions.find((version) => version.name === name)?.color ?? "blue",
        weight,
        ready: units.filter(isServing).length,
        problem: units.at(-1)?.problem?.text ?? null,
        lines: units.at(-1)?.problem?.lines ?? [],
      };
    });
  }

  async start(version: string): Promise<StartOutcome> {
    await this.#desire((state) => {
      const others = state.desired.versions.filter(({ name }) => name !== version);
      // Alone it takes everything: there is nothing to be beside of.
      const weight = others.some((other) => other.weight > 0) ? 0 : 1000;
      const started: DesiredVersion = { name: version, weight, serial: nextSerial(state, version) };
      return { ...state, desired: { ...state.desired, running: true, versions: [...others, started] } };
    });
    return waitFor(this.#app, (state) => {
      const unit = newest(state, version);
      if (unit === undefined) return undefined;
      if (isServing(unit)) return { ready: true, endpoint: `127.0.0.1:${unit.port}` };
      // Fail fast: what has never been ready and ends will not get better by trying.
      if (unit.problem === null || unit.proven) return undefined;
      const { text, lines } = unit.problem;
      return { ready: false, failure: { version, reason: text, lines } };
    });
  }

  async weights(weights: ReadonlyMap<string, number>, wish: RouteWish = {}): Promise<number> {
    const wanted = await this.#desire((state) => {
      const versions = state.desired.versions.map((version) => ({
        ...version,
        weight: weights.get(version.name) ?? 0,
      }));
      const sum = versions.reduce((total, { weight }) => total + weight, 0);
      if (sum !== 1000) throw new Error(`weights add up to ${sum}, not 1000`);
      const { running, router } = state.desired;
      return { ...state, desired: { running, router, versions, ...wish } };
    });
    return waitFor(this.#app, ({ observed }) =>
      observed.generation >= wanted.generation ? observed.route.applied : undefined,
    );
  }

  async evidence(): Promise<RouterEvidence[]> {
    const admin = (await readState(this.#app.dir))?.observed.router?.admin ?? null;
    const evidence = admin === null ? null : await routerEvidence(admin);
    return evidence === null ? [] : [evidence];
  }

  async retire(version: string): Promise<void> {
    await this.#desire((state) => {
      const gone = state.desired.versions.find(({ name }) => name === version);
      if (gone !== undefined && gone.weight > 0) throw new Error(`${version} still gets requests`);
      const versions = state.desired.versions.filter(({ name }) => name !== version);
      return { ...state, desired: { ...state.desired, versions } };
    });
    await waitFor(this.#app, (state) => (state.observed.versions[version] === undefined ? true : undefined));
  }
}
