import type { Sketch } from "./sketch.js";

/**
 * What a router has counted for the versions behind it, as a rollout reads it. Counters only grow while the router lives; a restart
 * of the router changes `router` (its identity), and readers then start from zero again.
 */
export interface RouterEvidence {
  schema: "iapp.router-evidence/1";
  /** A random name that the router process gave itself. */
  router: string;
  /** The generation of the route that is applied. */
  generation: number;
  /** Milliseconds since the epoch, by the router's clock. */
  now_ms: number;
  /** One entry for each set of weights that was in force, oldest first, at most the last 32. */
  epochs: EvidenceEpoch[];
  /** Answers of two versions to the same requests, of the mirroring that goes on or was the last. Null: nothing was mirrored yet. */
  mirror: MirrorEvidence | null;
  /** What the router did by itself. */
  guard: { version: string; reason: string; at_ms: number } | null;
}

/** The time in which the weights did not change. Only requests that the weights gave away count: none that named a version, none mirrored. */
export interface EvidenceEpoch {
  /** Generation of the route that began it. */
  generation: number;
  since_ms: number;
  /** Thousandths by version. */
  weights: Record<string, number>;
  versions: Record<string, ArmCounts>;
}

export interface ArmCounts {
  requests: number;
  /** Answered with 5xx, not reached, or broken off by the version. A client that leaves is none. */
  errors: number;
  /** Answered with 4xx: what the other version takes may not be what this one takes. */
  refused?: number;
  /** Of those answered without 5xx: counts by upper bound, in `LATENCY_BOUNDS` (one more for what is above the last). */
  latency: number[];
  /** Of a sample of the answers, while two versions are there. */
  predictions?: PredictionCounts;
}

/** What a version answered, in a bounded form. */
export interface PredictionCounts {
  /** Sampled answers, and those of them with a row that has no prediction. */
  answers: number;
  invalid: number;
  rows: number;
  /** Predictions that are no numbers: the first 50 different ones, and how many others there were. */
  labels: Record<string, number>;
  others: number;
  numbers: Sketch;
}

/** What became of requests that one version answered for its clients and that another got a copy of. Counters only grow. */
export interface MirrorEvidence {
  /** Of the route that began the mirroring. */
  generation: number;
  from: string;
  to: string;
  /** Copies that were sent. */
  sent: number;
  /** Copies that were not, by reason: `queue`, `request_size`, `answer_size`, `encoded`, `stopped`. */
  dropped: Record<string, number>;
  outcomes: Record<PairOutcome, number>;
  /** Pairs whose predictions could be compared. */
  compared: number;
  /** Rows of the compared pairs, and of them those with the same label or a number within 1e-9. */
  rows: number;
  equal_rows: number;
  delta: DeltaCounts;
  /** `from` asked twice: what differs without any change is noise. */
  repeated: { rows: number; equal_rows: number; delta: DeltaCounts };
  /** Where the two differ, by what was asked. */
  features: FeatureCounts[];
}

/**
 * `both`: well answered by both. `new_failed` (5xx, not reached), `new_refused` (4xx) and `new_invalid` (no prediction where the other has
 * one, or of another kind): only the old one answered well. `old_failed`: only the new one did. `neither`: nobody did.
 */
export const PAIR_OUTCOMES = ["both", "new_failed", "new_refused", "new_invalid", "old_failed", "neither"] as const;
export type PairOutcome = (typeof PAIR_OUTCOMES)[number];

export const noOutcomes = (): Record<PairOutcome, number> =>
  Object.fromEntries(PAIR_OUTCOMES.map((outcome) => [outcome, 0])) as Record<PairOutcome, number>;

/** Differences of numeric predictions, new minus old. */
export interface DeltaCounts {
  count: number;
  sum: number;
  sum_squares: number;
  /** Of the absolute differences, as the next two. */
  sum_sizes: number;
  max: number;
  sizes: Sketch;
}

/**
 * Rows by the value of one input. Only values that at least 20 rows had are told, and no long text: inputs may be private. The numbers
 * stand for the rows, those that were answered unequally, and the sum of the absolute differences.
 */
export interface FeatureCounts {
  name: string;
  categories: Record<string, [rows: number, unequal: number, delta: number]>;
  /** Sorted ranges of a numeric input by their upper ends. */
  numbers: { up_to: number; rows: number; unequal: number; delta: number }[];
}

/** Upper bounds of the latency counts, in seconds: 0.1 ms to about 100 s, each 1.15 times the one before. */
export const LATENCY_BOUNDS: readonly number[] = Array.from({ length: 100 }, (_, i) => 0.0001 * 1.15 ** i);
