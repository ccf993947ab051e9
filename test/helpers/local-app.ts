import { mkdtemp, readFile, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { type AppHandle, desire, livingProcesses, waitFor } from "../../src/local/control.js";
import { markedProcesses } from "../../src/local/group.js";
import { markOf } from "../../src/local/launch.js";
import { appPaths, logFileOf } from "../../src/local/paths.js";
import { isPortFree } from "../../src/local/ports.js";
import { type AppState, newState, readState, type Settings, updateState } from "../../src/local/state.js";

const helpers = import.meta.dirname;

/** Bundles the background processes once for a test file. */
export async function buildEntry(): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "iapp-entry-"));
  const path = join(folder, "entry.mjs");
  await build({
    entryPoints: [join(helpers, "process-entry.ts")],
    outfile: path,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "silent",
  });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

const PORTS = 350;

/** Impatient, so that tests need not wait. */
const QUICK: Partial<Settings> = {
  ready_ms: 45_000,
  grace_ms: 1000,
  drain_ms: 3000,
  probe_ms: 200,
  hung_ms: 10_000,
  backoff_ms: 50,
  backoff_most_ms: 200,
  crash_limit: 3,
};

export const fakeService = resolve(helpers, "fake-scoring.mjs");

/** An app whose versions are fake services; everything around them is real. */
export class LocalApp {
  readonly handle: AppHandle;
  readonly paths;

  constructor(
    readonly dir: string,
    entry: string,
  ) {
    this.paths = appPaths(dir);
    const env = { ...process.env, IAPP_ENTRY: entry };
    this.handle = { dir, own: [process.execPath, entry], env, signal: AbortSignal.timeout(100_000) };
  }

  static async create(entry: string, settings: Partial<Settings> = {}, folder?: string): Promise<LocalApp> {
    const dir = folder ?? (await mkdtemp(join(tmpdir(), "iapp-app-")));
    // Test files run side by side: each worker has ports of its own, behind those that commands take first.
    const first = 8150 + PORTS * ((Number(process.env.VITEST_POOL_ID ?? 1) - 1) % 2);
    let number = 0;
    do number = first + Math.floor(Math.random() * PORTS);
    while (!(await isPortFree(number)));
    const port = { host: "127.0.0.1", number, pinned: false };
    await updateState(dir, () => newState("demo", port, Date.now(), { ...QUICK, ...settings }));
    return new LocalApp(dir, entry);
  }

  /** Makes a version known. `args` are switches of the fake service. */
  async addVersion(name: string, ...args: string[]): Promise<void> {
    await updateState(this.dir, (state) => ({
      ...state!,
      versions: [
        ...state!.versions,
        {
          name,
          color: state!.versions.length % 2 === 0 ? "blue" : "green",
          created: new Date().toISOString(),
          notebook: null,
          bundle: { digest: name, dir: this.dir },
          run: null,
          command: [process.execPath, fakeService, `--name=${name}`, `--folder=${this.dir}`, ...args],
          cwd: this.dir,
          env: { PATH: process.env.PATH ?? "" },
        },
      ],
    }));
  }

  desire(change: (state: AppState) => AppState): Promise<AppState> {
    return desire(this.handle, change);
  }

  wait<T>(done: (state: AppState) => T | undefined): Promise<T> {
    return waitFor(this.handle, done);
  }

  async state(): Promise<AppState> {
    return (await readState(this.dir))!;
  }

  async log(unit: string): Promise<string> {
    return readFile(logFileOf(this.paths, unit), "utf8").catch(() => "");
  }

  async ask(options: { path?: string; version?: string } = {}): Promise<{ status: number; body: string }> {
    const { port } = await this.state();
    const headers = options.version === undefined ? {} : { "X-Iapp-Version": options.version };
    return new Promise((done, fail) => {
      const path = options.path ?? "/predict";
      const req = get({ host: port.host, port: port.number, path, headers, agent: false }, (res) => {
        let body = "";
        res.on("data", (chunk) => {
          body += chunk;
        });
        res.on("end", () => done({ status: res.statusCode!, body }));
      });
      req.on("error", fail);
    });
  }

  /** Everything that carries this app's mark: nothing may be left at the end of a test. */
  async leftovers(): Promise<number[]> {
    const state = await this.state();
    const units = [
      `router-${state.desired.router}`,
      ...state.versions.flatMap((v) => [1, 2, 3].map((n) => `scoring-${v.name}-${n}`)),
    ];
    return units.flatMap((unit) => markedProcesses(markOf(this.paths, unit)));
  }

  /** Ends everything, however broken it is, and removes the folder. */
  async dispose(): Promise<void> {
    const state = await readState(this.dir).catch(() => null);
    if (state !== null) {
      const handle = { ...this.handle, signal: AbortSignal.timeout(30_000) };
      if (state.observed.supervisor !== null || livingProcesses(state).length > 0) {
        await desire(handle, (now) => ({ ...now, desired: { ...now.desired, running: false } }));
        await waitFor(handle, ({ observed }) => (observed.supervisor === null ? true : undefined)).catch(
          () => undefined,
        );
      }
      for (const pid of await this.leftovers()) process.kill(pid, "SIGKILL");
    }
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
