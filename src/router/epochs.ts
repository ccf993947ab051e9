import { randomBytes } from "node:crypto";
import { type ArmCounts, type EvidenceEpoch, LATENCY_BOUNDS, type RouterEvidence } from "../core/evidence.js";
import type { RouteDocument } from "./route.js";
import { countPredictions, noPredictions } from "./sampler.js";

const KEPT = 32;

/** What was given away by the weights, counted for each set of weights: a request belongs to the one it was chosen under. */
export class EpochLog {
  readonly #router = randomBytes(6).toString("hex");
  readonly #now: () => number;
  readonly #epochs: EvidenceEpoch[] = [];

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A new epoch begins where the weights are others; endpoints may change without. */
  apply({ generation, versions }: RouteDocument): void {
    const weights = Object.fromEntries(versions.map(({ name, weight }) => [name, weight]));
    const last = this.#epochs.at(-1);
    if (last !== undefined && JSON.stringify(last.weights) === JSON.stringify(weights)) return;
    this.#epochs.push({ generation, since_ms: this.#now(), weights, versions: {} });
    if (this.#epochs.length > KEPT) this.#epochs.shift();
  }

  get current(): EvidenceEpoch | undefined {
    return this.#epochs.at(-1);
  }

  /** @param status as the client saw it; null, it left before an answer: nobody's fault */
  end(epoch: EvidenceEpoch, version: string, status: number | null, seconds: number): void {
    if (status === null) return;
    const arm = armOf(epoch, version);
    arm.requests += 1;
    // How fast something fails is no measure of how fast it answers.
    if (status >= 500) arm.errors += 1;
    else arm.latency[bucketOf(seconds)]! += 1;
    if (status >= 400 && status < 500) arm.refused = (arm.refused ?? 0) + 1;
  }

  /** Notes what a version answered, of a sample. */
  answered(epoch: EvidenceEpoch, version: string, body: Buffer): void {
    const arm = armOf(epoch, version);
    arm.predictions ??= noPredictions();
    countPredictions(arm.predictions, body);
  }

  report(generation: number, mirror: RouterEvidence["mirror"], guard: RouterEvidence["guard"]): RouterEvidence {
    return {
      schema: "iapp.router-evidence/1",
      router: this.#router,
      generation,
      now_ms: this.#now(),
      epochs: this.#epochs,
      mirror,
      guard,
    };
  }
}

function armOf(epoch: EvidenceEpoch, version: string): ArmCounts {
  epoch.versions[version] ??= { requests: 0, errors: 0, latency: new Array(LATENCY_BOUNDS.length + 1).fill(0) };
  return epoch.versions[version];
}

/** The bounds grow by a constant factor, so the place can be computed. */
function bucketOf(seconds: number): number {
  const first = LATENCY_BOUNDS[0]!;
  if (seconds <= first) return 0;
  const guess = Math.ceil(Math.log(seconds / first) / Math.log(1.15) - 1e-9);
  return Math.min(guess, LATENCY_BOUNDS.length);
}
