import { rmSync } from "node:fs";
import { isSameProcess } from "../core/process.js";
import { type ProcessFile, readProcessFile } from "../core/process-file.js";
import { afterCrash } from "./crash-policy.js";
import { endGroup, endMarked } from "./group.js";
import type { Probe } from "./probe.js";
import type { Settings, UnitPhase, UnitProblem, UnitStatus } from "./state.js";

export interface UnitSpec {
  unit: string;
  serial: number;
  mark: string;
  processFile: string;
  settings: Settings;
  /** Starts the process; null when it cannot be started. */
  launch: () => ProcessFile | null;
  /** Asks the process whether it is ready; null while it cannot be asked yet. */
  check: (file: ProcessFile) => Promise<Probe> | null;
  lastWords: () => string[];
  say: (level: "info" | "warn" | "error", message: string) => void;
}

const STARTING_PROBE_MS = 100;
const UNREADY_AFTER = 3;
/** A pause between two looks that no load explains. */
const ASLEEP_MS = 10_000;

/** One process that is kept alive: started or adopted, watched, started again after a crash, given up in a crash loop. */
export class Unit {
  readonly spec: UnitSpec;
  #phase: UnitPhase = "stopped";
  #file: ProcessFile | null = null;
  #since = 0;
  #failures = 0;
  #restarts = 0;
  #proven = false;
  #problem: UnitProblem | null = null;
  #retryAt = 0;
  #nextProbe = 0;
  #probing = false;
  #answered = 0;
  #lastTick = 0;
  #badProbes = 0;
  #ending: Promise<void> | null = null;

  constructor(spec: UnitSpec) {
    this.spec = spec;
  }

  get phase(): UnitPhase {
    return this.#phase;
  }

  get file(): ProcessFile | null {
    return this.#file;
  }

  /** Does it take requests? Also while its health route says no: only the service itself knows what it can still answer. */
  get serving(): boolean {
    return (this.#phase === "ready" || this.#phase === "unready") && this.#file?.port != null;
  }

  status(): UnitStatus {
    const running = this.#file !== null && this.#phase !== "backoff" && this.#phase !== "crash-loop";
    return {
      unit: this.spec.unit,
      serial: this.spec.serial,
      phase: this.#phase,
      process: running ? { pid: this.#file!.pid, start: this.#file!.start } : null,
      program: running ? (this.#file!.child?.pid ?? null) : null,
      port: running ? this.#file!.port : null,
      admin: running ? this.#file!.admin : null,
      since: this.#since,
      restarts: this.#restarts,
      proven: this.#proven,
      problem: this.#problem,
    };
  }

  /** Takes over a process that an earlier supervisor started. False when there is none. */
  adopt(before: UnitStatus | undefined, now: number): boolean {
    const file = readProcessFile(this.spec.processFile);
    if (before !== undefined) {
      this.#restarts = before.restarts;
      this.#proven = before.proven;
      this.#problem = before.problem;
    }
    if (file === null || !isSameProcess(file)) return false;
    this.#begin(file, now);
    this.#answered = now;
    if (before?.phase === "ready" || before?.phase === "unready") {
      this.#phase = "ready";
      this.#since = file.started;
    }
    this.spec.say("info", `found ${this.spec.unit} running as process ${file.pid}`);
    return true;
  }

  /** A crash loop of an earlier supervisor's time stays one: a new supervisor is no reason to try again. */
  restore(before: UnitStatus): void {
    this.#phase = "crash-loop";
    this.#problem = before.problem;
    this.#since = before.since;
  }

  async start(now: number): Promise<void> {
    this.#phase = "starting";
    this.#since = now;
    // What is left of an earlier life (its starter was killed in the middle) would fight over the files.
    await this.#clear();
    if (this.#ending !== null) return;
    const file = this.spec.launch();
    if (file === null) this.#failed({ code: "start", text: "the process cannot be started", lines: [] }, now);
    else this.#begin(file, now);
  }

  /** Looks after the process; called often. */
  tick(now: number): void {
    const gap = this.#lastTick === 0 ? 0 : now - this.#lastTick;
    this.#lastTick = now;
    if (this.#ending !== null) return;
    // The machine slept, or its clock was set: the process could not answer any more than we could ask.
    if (Math.abs(gap) > ASLEEP_MS) {
      this.#answered += gap;
      if (this.#phase === "starting") this.#since += gap;
    }
    if (this.#phase === "backoff" && now >= this.#retryAt) {
      this.#restarts += 1;
      void this.start(now);
      return;
    }
    if (this.#file === null || !["starting", "ready", "unready"].includes(this.#phase)) return;
    const file = readProcessFile(this.spec.processFile);
    if (file !== null && file.pid === this.#file.pid) this.#file = file;
    const { ready_ms, hung_ms } = this.spec.settings;
    const starting = this.#phase === "starting";
    if (!isSameProcess(this.#file)) this.#gone(now);
    else if (starting && now - this.#since > ready_ms)
      this.#kill("timeout", `was not ready within ${ready_ms / 1000} s`, now);
    else if (!starting && now - this.#answered > hung_ms)
      this.#kill("hung", `did not answer for ${hung_ms / 1000} s`, now);
    else if (now >= this.#nextProbe && !this.#probing) void this.#probe(this.#file);
  }

  /** Ends it for good: SIGTERM, grace, SIGKILL, whatever it started included. */
  stop(grace: number): Promise<void> {
    this.#ending ??= (async () => {
      this.#phase = "stopping";
      const file = this.#file ?? readProcessFile(this.spec.processFile);
      if (file !== null) await endGroup(file, this.spec.mark, grace);
      rmSync(this.spec.processFile, { force: true });
      this.#file = null;
      this.#phase = "stopped";
      this.spec.say("info", `${this.spec.unit} is stopped`);
    })();
    return this.#ending;
  }

  #begin(file: ProcessFile, since: number): void {
    this.#file = file;
    this.#phase = "starting";
    this.#since = since;
    this.#nextProbe = 0;
    this.#badProbes = 0;
  }

  async #clear(): Promise<void> {
    const file = readProcessFile(this.spec.processFile);
    if (file === null) await endMarked(this.spec.mark);
    else await endGroup(file, this.spec.mark, 1000);
  }

  async #probe(file: ProcessFile): Promise<void> {
    const asked = this.spec.check(file);
    if (asked === null) return;
    this.#probing = true;
    const { status } = await asked;
    this.#probing = false;
    if (this.#file?.pid !== file.pid || this.#ending !== null) return;
    const now = Date.now();
    if (status !== null) this.#answered = now;
    const starting = this.#phase === "starting";
    this.#nextProbe = now + (starting && status !== 200 ? STARTING_PROBE_MS : this.spec.settings.probe_ms);
    if (status === 200) {
      this.#badProbes = 0;
      if (this.#phase !== "ready") this.spec.say("info", `${this.spec.unit} is ready`);
      if (starting) this.#answered = now;
      this.#phase = "ready";
      this.#proven = true;
      return;
    }
    this.#badProbes += 1;
    if (this.#phase === "ready" && this.#badProbes >= UNREADY_AFTER) {
      this.#phase = "unready";
      this.spec.say("warn", `${this.spec.unit} is not ready any more`);
    }
  }

  #gone(now: number): void {
    // Its last note may have come between our last look and its end.
    const exit = (readProcessFile(this.spec.processFile) ?? this.#file!).exit;
    let text = "disappeared (killed by somebody, or by the system when memory ran out)";
    if (exit?.error) text = exit.error === "EADDRINUSE" ? "its port is taken" : exit.error;
    else if (exit?.signal === "SIGKILL") text = "was killed (by somebody, or by the system when memory ran out)";
    else if (exit?.signal) text = `was ended by ${exit.signal}`;
    else if (exit) text = `ended with exit code ${exit.code}`;
    const code = exit?.error === "EADDRINUSE" ? "port" : "exit";
    this.#failed({ code, text, lines: this.spec.lastWords() }, now);
  }

  #kill(code: "timeout" | "hung", text: string, now: number): void {
    const file = this.#file!;
    this.#failed({ code, text, lines: this.spec.lastWords() }, now);
    // The next start clears what is left; this only makes it sooner.
    void endGroup(file, this.spec.mark, 2000);
  }

  #failed(problem: UnitProblem, now: number): void {
    if (this.#proven && now - this.#since >= this.spec.settings.steady_ms) this.#failures = 0;
    this.#failures += 1;
    this.#problem = problem;
    this.#file = null;
    this.#since = now;
    const decision = afterCrash(this.#failures, this.spec.settings);
    if (decision.kind === "give-up") {
      this.#phase = "crash-loop";
      this.spec.say("error", `${this.spec.unit} ${problem.text}; given up after ${this.#failures} failures in a row`);
      void this.#clear();
      return;
    }
    this.#phase = "backoff";
    this.#retryAt = now + decision.delay;
    this.spec.say("error", `${this.spec.unit} ${problem.text}; next try in ${decision.delay / 1000} s`);
  }
}
