import { describe, expect, it } from "vitest";
import { LATENCY_BOUNDS, type RouterEvidence } from "../../../src/core/evidence.js";
import { drive, type RolloutStore, TakenOver } from "../../../src/rollout/driver.js";
import type { Platform, StartOutcome, VersionView } from "../../../src/rollout/platform.js";
import { fenced, newRollout, type Request, type RolloutState } from "../../../src/rollout/state.js";

class Killed extends Error {}

/** A place with two versions that remembers what was done to it, and can let its driver die at any operation, before or after it. */
class World implements Platform, RolloutStore {
  state: RolloutState;
  versions = new Map([["v1", 1000]]);
  generation = 1;
  now = 0;
  operations = 0;
  /** The driver dies at this operation. */
  dies: { at: number; when: "before" | "after" } | null = null;
  /** Every share that the new version ever had, in order. */
  readonly shares: number[] = [];

  constructor(
    readonly fate: "good" | "bad" | "crashes" | "dies",
    limits = { excess: 0.02, alpha: 0.01, unproven: false },
  ) {
    const stages = [
      { weight: 100, ms: 1000, requests: 10 },
      { weight: 500, ms: 1000, requests: 10 },
    ];
    this.state = newRollout({ id: "r", from: "v1", to: "v2", by: "one", stages, bake_ms: 1000, limits }, 0);
  }

  async #operation<T>(act: () => T): Promise<T> {
    this.operations += 1;
    // Whoever is dead stays dead: nothing that it does later has an effect.
    const at = this.dies?.at ?? Number.POSITIVE_INFINITY;
    if (this.operations > at || (this.operations === at && this.dies?.when === "before")) throw new Killed();
    const result = act();
    if (this.operations === at) throw new Killed();
    return result;
  }

  load = (): Promise<RolloutState> => this.#operation(() => structuredClone(this.state));

  save = (state: RolloutState): Promise<RolloutState | null> =>
    this.#operation(() => {
      if (state.revision !== this.state.revision) return null;
      this.state = { ...structuredClone(state), revision: state.revision + 1 };
      return structuredClone(this.state);
    });

  view = (): Promise<VersionView[]> =>
    this.#operation(() =>
      [...this.versions].map(([name, weight]) => ({
        name,
        color: name === "v1" ? ("blue" as const) : ("green" as const),
        weight,
        ready: this.fate === "dies" && name === "v2" && weight > 0 ? 0 : 1,
        problem: null,
        lines: [],
      })),
    );

  start = (version: string): Promise<StartOutcome> =>
    this.#operation(() => {
      if (!this.versions.has(version)) this.versions.set(version, 0);
      if (this.fate === "crashes") {
        return { ready: false, failure: { version, reason: "ended with exit code 3", lines: ["ValueError"] } };
      }
      return { ready: true, endpoint: "127.0.0.1:1" };
    });

  weights = (weights: ReadonlyMap<string, number>): Promise<number> =>
    this.#operation(() => {
      for (const name of this.versions.keys()) this.versions.set(name, weights.get(name) ?? 0);
      expect([...this.versions.values()].reduce((sum, one) => sum + one, 0)).toBe(1000);
      this.shares.push(weights.get("v2") ?? 0);
      this.generation += 1;
      return this.generation;
    });

  retire = (version: string): Promise<void> =>
    this.#operation(() => {
      expect(this.versions.get(version) ?? 0).toBe(0);
      this.versions.delete(version);
    });

  evidence = (): Promise<RouterEvidence[]> =>
    this.#operation(() => {
      const weight = this.versions.get("v2") ?? 0;
      const arm = (requests: number, errors: number) => {
        const latency = new Array(LATENCY_BOUNDS.length + 1).fill(0);
        latency[40] = requests;
        return { requests, errors, latency };
      };
      const fresh = weight === 0 ? arm(0, 0) : arm(1000, this.fate === "bad" ? 300 : 0);
      const evidence: RouterEvidence = {
        schema: "iapp.router-evidence/1",
        router: "one",
        generation: this.generation,
        now_ms: this.now,
        epochs: [
          {
            generation: this.generation,
            since_ms: 0,
            weights: { v1: 1000 - weight, v2: weight },
            versions: { v1: arm(5000, 0), v2: fresh },
          },
        ],
        mirror: {} as RouterEvidence["mirror"],
        guard: null,
      };
      return [evidence];
    });

  drive(preflight: () => Promise<void> = async () => undefined): Promise<RolloutState> {
    return drive({
      platform: this,
      store: this,
      now: () => this.now,
      pause: async (ms) => {
        this.now += ms;
        if (this.now > 1e6) throw new Error("never ends");
      },
      preflight,
      onState: () => undefined,
    });
  }
}

/** How it must be after each fate. */
const ENDS = {
  good: { phase: "promoted", versions: [["v2", 1000]] },
  bad: { phase: "rolled-back", versions: [["v1", 1000]] },
  crashes: { phase: "rolled-back", versions: [["v1", 1000]] },
  dies: { phase: "rolled-back", versions: [["v1", 1000]] },
} as const;

describe.each(["good", "bad", "crashes", "dies"] as const)("a driver whose new version is: %s", (fate) => {
  it("brings it to its end", async () => {
    const world = new World(fate);
    expect((await world.drive()).phase).toBe(ENDS[fate].phase);
    expect([...world.versions]).toEqual(ENDS[fate].versions);
    if (fate === "good") expect(world.shares).toEqual([100, 500, 1000, 1000]);
  });

  it.each(["before", "after"] as const)(
    "may be killed %s any of its operations, and another one goes on",
    async (when) => {
      const whole = new World(fate);
      await whole.drive();
      expect(whole.operations).toBeGreaterThan(4);
      for (let at = 1; at <= whole.operations; at++) {
        const world = new World(fate);
        world.dies = { at, when };
        await expect(world.drive(), `operation ${at}`).rejects.toThrow(Killed);
        world.dies = null;
        expect((await world.drive()).phase, `operation ${at}`).toBe(ENDS[fate].phase);
        expect([...world.versions], `operation ${at}`).toEqual(ENDS[fate].versions);
        // The share never falls before the verdict: whoever goes on begins where it was.
        const rising = world.shares.filter((share) => share > 0);
        expect([...rising].sort((a, b) => a - b)).toEqual(rising);
      }
    },
  );
});

describe("a driver", () => {
  it("does not give a request to a version that its preflight refuses", async () => {
    const world = new World("good");
    const ended = await world.drive(() => Promise.reject(new Error("example row 1 is answered with 7")));
    expect(ended).toMatchObject({
      phase: "rolled-back",
      verdict: { metric: "start", reason: "v2 example row 1 is answered with 7" },
    });
    expect(world.shares).toEqual([0]);
  });

  it("stops when somebody else has written since it read", async () => {
    const world = new World("good");
    const save = world.save;
    let saves = 0;
    world.save = (state) => {
      saves += 1;
      if (saves === 4) world.state = { ...world.state, revision: world.state.revision + 1 };
      return save(state);
    };
    await expect(world.drive()).rejects.toThrow(TakenOver);
  });

  it("stops when it was taken over while it slept, whenever that was", async () => {
    for (let at = 2; at <= 5; at++) {
      const world = new World("good");
      const load = world.load;
      let loads = 0;
      world.load = () => {
        loads += 1;
        // Between two looks: what it reads then is as new as what the other one reads.
        if (loads === at) world.state = fenced(world.state, 0, "somebody takes over");
        return load();
      };
      await expect(world.drive(), `look ${at}`).rejects.toThrow(TakenOver);
      expect(loads).toBe(at);
    }
  });

  it("obeys what a person writes while it waits", async () => {
    const world = new World("good");
    const load = world.load;
    let loads = 0;
    world.load = () => {
      loads += 1;
      const abort: Request = { what: "abort", by: "me", at_ms: 0, why: "no" };
      if (loads === 3) world.state = { ...world.state, request: abort };
      return load();
    };
    expect(await world.drive()).toMatchObject({ phase: "aborted", verdict: { reason: "aborted by me: no" } });
    expect([...world.versions]).toEqual([["v1", 1000]]);
  });
});
