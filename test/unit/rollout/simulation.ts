import { type ArmCounts, type EvidenceEpoch, LATENCY_BOUNDS, type RouterEvidence } from "../../../src/core/evidence.js";
import type { VersionView } from "../../../src/rollout/platform.js";
import { applied, decide, started } from "../../../src/rollout/reducer.js";
import { parseStages } from "../../../src/rollout/stage.js";
import { isOver, newRollout, type RolloutState } from "../../../src/rollout/state.js";
import { Guard } from "../../../src/router/guard.js";
import { DEFAULT_GUARD } from "../../../src/router/route.js";

/** A small generator with a seed (mulberry32), so that a simulation is the same each time. */
export function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface World {
  seed: number;
  /** Requests a second. */
  rate: number;
  /** Probability that a request to a version fails; time since the start in seconds is given. */
  errors: { old: (t: number) => number; new: (t: number) => number };
  /** A process halts for a moment so many times a second, each for itself: all that it has in flight takes half a second longer. */
  stalls?: { old: number; new: number };
  /** Median of the answer times in seconds (log-normal, sigma 0.5). */
  median: { old: number; new: number };
  stages: string[];
  bakeMs: number;
  /** Looks a second. */
  looks: number;
  /** When the new version's process is gone, in seconds. */
  dies?: number;
  guard?: boolean;
  most?: number;
}

export const WORLD: World = {
  seed: 1,
  rate: 100,
  errors: { old: () => 0.005, new: () => 0.005 },
  median: { old: 0.01, new: 0.01 },
  stages: ["10,1m,100req", "50,2m,200req"],
  bakeMs: 60_000,
  looks: 2,
  guard: true,
};

export interface Outcome {
  state: RolloutState;
  seconds: number;
  /** Requests that the new version was given, and those of them that failed. */
  served: number;
  failed: number;
}

/** Plays a whole rollout through the reducer: a router that counts and guards, a driver that looks, no input or output. */
export function play(world: World): Outcome {
  const next = random(world.seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(next() || 1e-12)) * Math.cos(2 * Math.PI * next());
  const input = { id: "r", from: "v1", to: "v2", by: "test", stages: parseStages(world.stages), bake_ms: world.bakeMs };
  const limits = { excess: 0.02, alpha: 0.01, unproven: false };
  const arm = (): ArmCounts => ({ requests: 0, errors: 0, latency: new Array(LATENCY_BOUNDS.length + 1).fill(0) });
  const epochs: EvidenceEpoch[] = [];
  const guard = new Guard();
  let diverted: RouterEvidence["guard"] = null;
  let generation = 1;
  let weight = 0;
  let [served, failed] = [0, 0];
  const begin = (share: number): void => {
    weight = share;
    generation += 1;
    epochs.push({
      generation,
      since_ms: 0,
      weights: { v1: 1000 - share, v2: share },
      versions: { v1: arm(), v2: arm() },
    });
    guard.apply(
      share > 0 && world.guard !== false ? { version: "v2", fallback: "v1", ...DEFAULT_GUARD } : null,
      generation,
    );
  };
  let stalled = { old: false, new: false };
  const request = (t: number): void => {
    const onNew = next() * 1000 < weight;
    const side = onNew ? "new" : "old";
    const fails = next() < world.errors[side](t);
    const seconds = world.median[side] * Math.exp(0.5 * normal()) + (stalled[side] ? 0.5 : 0);
    const counts = epochs.at(-1)!.versions[onNew ? "v2" : "v1"]!;
    counts.requests += 1;
    counts.errors += Number(fails);
    const index = LATENCY_BOUNDS.findIndex((bound) => seconds <= bound);
    if (!fails) counts.latency[index < 0 ? LATENCY_BOUNDS.length : index]! += 1;
    if (onNew) [served, failed] = [served + 1, failed + Number(fails)];
    const reason = guard.outcome(onNew ? "v2" : "v1", fails);
    if (reason !== null && diverted === null) {
      diverted = { version: "v2", reason, at_ms: t * 1000 };
      weight = 0;
    }
  };
  begin(0);
  // The old version has served for a while.
  for (let i = 0; i < 10 * world.rate; i++) request(-1);
  let decision = started(newRollout({ ...input, limits }, 0), generation, 0);
  let state = decision.state;
  let t = 0;
  const most = world.most ?? 3600;
  for (; t < most && !isOver(state); t += 1 / world.looks) {
    for (const effect of decision.effects) {
      if (effect.kind !== "weights") continue;
      if (effect.weight !== weight) begin(effect.weight);
      state = applied(state, generation, t * 1000);
    }
    // Short beside a look: those that are hit are a part of what it sees.
    for (let i = 0; i < world.rate / world.looks; i++) {
      if (world.stalls && (i * 10) % (world.rate / world.looks) < 10)
        stalled = stallsOf(world.stalls, world.looks, next);
      request(t);
    }
    const dead = world.dies !== undefined && t >= world.dies;
    const views: VersionView[] = [
      { name: "v1", color: "blue", weight: 1000 - weight, ready: 1, problem: null, lines: [] },
      {
        name: "v2",
        color: "green",
        weight,
        ready: dead ? 0 : 1,
        problem: dead ? "ended with code 1" : null,
        lines: [],
      },
    ];
    const evidence: RouterEvidence = {
      schema: "iapp.router-evidence/1",
      router: "one",
      generation,
      now_ms: t * 1000,
      epochs: structuredClone(epochs),
      mirror: {} as RouterEvidence["mirror"],
      guard: diverted,
    };
    decision = decide(state, { views, evidence: [evidence] }, t * 1000);
    state = decision.state;
  }
  return { state, seconds: t, served, failed };
}

/** Which processes halt in a tenth of the time between two looks. */
function stallsOf(
  often: { old: number; new: number },
  looks: number,
  next: () => number,
): { old: boolean; new: boolean } {
  const hit = (perSecond: number): boolean => next() < perSecond / looks / 10;
  return { old: hit(often.old), new: hit(often.new) };
}
