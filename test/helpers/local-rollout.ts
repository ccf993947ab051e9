import { Agent, request } from "node:http";
import type { RolloutState } from "../../src/actions/rollout/index.js";
import { readRollout } from "../../src/local/rollout-store.js";
import type { LocalProject } from "./local-project.js";

/** A number of clients that ask without a pause: some keep their connection, some do not. */
export class Traffic {
  readonly seen: { version: string; status: number; began: number; ended: number }[] = [];
  lost = 0;
  #done = false;
  readonly #clients: Promise<void>[];
  readonly #agent = new Agent({ keepAlive: true });

  /** @param x what they ask about, one after the other */
  constructor(
    port: number,
    clients = 4,
    readonly x: number[] = [2],
  ) {
    this.#clients = Array.from({ length: clients }, (_, i) => this.#client(port, i % 2 === 0 ? this.#agent : false));
  }

  async #client(port: number, agent: Agent | false): Promise<void> {
    while (!this.#done) {
      const began = performance.now();
      await this.#ask(port, agent).then(
        ({ version, status }) => this.seen.push({ version, status, began, ended: performance.now() }),
        () => {
          this.lost += 1;
        },
      );
    }
  }

  #ask(port: number, agent: Agent | false): Promise<{ version: string; status: number }> {
    const body = JSON.stringify({ rows: [{ x: this.x[this.seen.length % this.x.length] }] });
    const headers = { "Content-Type": "application/json", "Content-Length": body.length };
    return new Promise((done, fail) => {
      const req = request({ host: "127.0.0.1", port, path: "/predict", method: "POST", headers, agent }, (res) => {
        res.resume();
        res.on("error", fail);
        res.on("end", () => done({ version: String(res.headers["x-iapp-version"] ?? ""), status: res.statusCode! }));
      });
      req.on("error", fail);
      req.end(body);
    });
  }

  failed(version: string): number {
    return this.seen.filter((one) => one.version === version && one.status >= 500).length;
  }

  async stop(): Promise<void> {
    this.#done = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }
}

/** The rollout's state once it is as it must become. */
export async function until(project: LocalProject, done: (state: RolloutState) => boolean): Promise<RolloutState> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const state = await readRollout(project.app().dir);
    if (state !== null && done(state)) return state;
    if (Date.now() > deadline) throw new Error(`the rollout stays as it is: ${JSON.stringify(state)}`);
    await new Promise((tick) => setTimeout(tick, 50));
  }
}
