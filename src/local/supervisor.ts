import { type FSWatcher, rmSync, watch } from "node:fs";
import { OperationError } from "../core/errors.js";
import { acquireLock, type Lock } from "../core/lock.js";
import { LogFile } from "../core/log-file.js";
import { processStart } from "../core/process.js";
import { Fleet } from "./fleet.js";
import { Front } from "./front.js";
import type { OwnCommand } from "./launch.js";
import { type AppPaths, appPaths, logFileOf, processFileOf } from "./paths.js";
import { type AppState, NOTHING_OBSERVED, type Observed, readState, updateState } from "./state.js";

const BUSY_MS = 100;
const CALM_MS = 500;

export interface SupervisorOptions {
  dir: string;
  own: OwnCommand;
  /** What the processes inherit. */
  env: Record<string, string>;
  /** Aborted by SIGTERM: stop everything and end; what is desired stays as it is. */
  signal: AbortSignal;
}

/** Runs the one supervisor of an app until nothing is to be run any more. Resolves with the exit code. */
export async function supervise(options: SupervisorOptions): Promise<number> {
  const paths = appPaths(options.dir);
  let lock: Lock;
  try {
    lock = await acquireLock(paths.supervisorLock, { command: "the supervisor", wait: 10_000 });
  } catch (error) {
    // Another one is at work: all is well.
    if (error instanceof OperationError && error.code === "IAPP_LOCK_TAKEN") return 0;
    throw error;
  }
  const supervisor = new Supervisor(options, paths);
  try {
    return await supervisor.run();
  } finally {
    supervisor.close();
    rmSync(processFileOf(paths, "supervisor"), { force: true });
    await lock.release();
  }
}

/**
 * Compares what is wanted with what is, over and over: every step reads the state anew and needs no memory of the last one, so
 * that a supervisor may be killed at any time and the next one goes on.
 */
class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #log: LogFile;
  readonly #fleet: Fleet;
  readonly #front: Front;
  readonly #watcher: FSWatcher | null;
  readonly #hangUp = (): void => this.#wake();
  #wake: () => void = () => undefined;
  /** Something changed while a step was under way. */
  #again = false;
  #reached = 0;
  #written = "";
  #trouble = "";

  constructor(options: SupervisorOptions, paths: AppPaths) {
    this.#options = options;
    this.#log = new LogFile(logFileOf(paths, "supervisor"));
    const shop = { paths, own: options.own, env: options.env, say: this.#say.bind(this) };
    this.#fleet = new Fleet(shop);
    this.#front = new Front(shop);
    this.#watcher = watchFolder(options.dir, () => this.#wake());
    process.removeAllListeners("SIGHUP");
    process.on("SIGHUP", this.#hangUp);
    options.signal.addEventListener("abort", this.#hangUp);
  }

  async run(): Promise<number> {
    let state = await readState(this.#options.dir);
    if (state === null) return 1;
    this.#say("info", `supervisor started as process ${process.pid}`);
    this.#fleet.adopt(state, Date.now());
    this.#front.adopt(state, Date.now());
    for (;;) {
      const before: AppState = state;
      try {
        state = await readState(this.#options.dir);
        if (state === null) {
          // The folder was removed under our hands: nothing may be left running.
          await this.#stopAll(before);
          return 1;
        }
        if (this.#options.signal.aborted || !state.desired.running) {
          await this.#stopAll(state);
          if (await this.#finish()) return 0;
        } else await this.#step(state);
        this.#trouble = "";
      } catch (error) {
        state ??= before;
        this.#complain((error as Error).message);
      }
      await this.#pause();
    }
  }

  close(): void {
    this.#say("info", "supervisor ended");
    this.#watcher?.close();
    process.off("SIGHUP", this.#hangUp);
    this.#log.close();
  }

  async #step(state: AppState): Promise<void> {
    const now = Date.now();
    this.#fleet.step(state, now);
    // As the route will be planned: a process that becomes ready while the router is asked is not in it yet.
    const versions = this.#fleet.statuses();
    await this.#front.step(state, (version) => this.#fleet.live(version), this.#fleet.retiring, now);
    if (this.#front.applied) this.#reached = state.generation;
    if (this.#front.applied || this.#front.absent) this.#fleet.release(state, this.#front.view, now);
    await this.#write({
      generation: this.#reached,
      supervisor: { pid: process.pid, start: processStart(process.pid) },
      router: this.#front.status(),
      versions,
      route: this.#front.routeStatus(),
    });
  }

  async #write(observed: Observed): Promise<void> {
    const text = JSON.stringify(observed);
    if (text === this.#written) return;
    await updateState(this.#options.dir, (state) => (state === null ? null : { ...state, observed }));
    this.#written = text;
  }

  /** First the router, which waits for what is in flight, then the processes that answer it. */
  async #stopAll(state: AppState): Promise<void> {
    await this.#front.stop(state);
    await this.#fleet.stopAll(state.settings.grace_ms);
  }

  /** Says that nothing runs, unless somebody wants it to run again by now. True when the supervisor is not needed any more. */
  async #finish(): Promise<boolean> {
    let needed = false;
    await updateState(this.#options.dir, (state) => {
      needed = state?.desired.running === true && !this.#options.signal.aborted;
      if (state === null || needed) return null;
      const { route } = state.observed;
      return { ...state, observed: { ...NOTHING_OBSERVED, generation: state.generation, route } };
    });
    this.#written = "";
    return !needed;
  }

  async #pause(): Promise<void> {
    const calm = this.#fleet.steady && this.#front.steady;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#again ? 0 : calm ? CALM_MS : BUSY_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#again = false;
    this.#wake = () => {
      this.#again = true;
    };
  }

  #say(level: "info" | "warn" | "error", message: string): void {
    this.#log.append([{ t: Date.now() / 1000, component: "supervisor", level, message }]);
  }

  /** Once for each trouble, not ten times a second. */
  #complain(message: string): void {
    if (message !== this.#trouble) this.#say("error", message);
    this.#trouble = message;
  }
}

function watchFolder(dir: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(dir, { persistent: false }, (_event, name) => {
      if (name === "state.json") changed();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    // No watches left on this machine: looking twice a second has to do.
    return null;
  }
}
