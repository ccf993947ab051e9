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
  /** Answers of two versions to the same mirrored request. */
  mirror: MirrorEvidence;
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
  /** Of the answered: counts by upper bound, in `LATENCY_BOUNDS` (one more for what is above the last). */
  latency: number[];
}

export interface MirrorEvidence {
  /** Mirrored to this version (null: nothing is mirrored). */
  to: string | null;
  sent: number;
  /** Not sent because the queue was full or the body too large. */
  dropped: number;
  /** Both answered and could be compared. */
  compared: number;
  errors: number;
  /** Rows of the compared requests, and of them those with the same label (classification) or a prediction within 1e-9 (numbers). */
  rows: number;
  equal_rows: number;
  /** |new - old| of numeric outputs: sum, sum of squares, maximum, and up to 1000 sampled differences (reservoir, signed). */
  differences: { count: number; sum: number; sum_squares: number; max_abs: number; sample: number[] };
  /** Rows whose new prediction is not valid (null, NaN, infinite). */
  invalid_rows: number;
  /** Old answered twice: the noise floor. */
  repeated_rows: number;
  repeated_equal_rows: number;
  /** Predictions of each version: up to 50 labels with their counts, or for numbers a reservoir sample of up to 2000. */
  predictions: Record<string, { labels: Record<string, number>; numbers: number[]; rows: number }>;
}

/** Upper bounds of the latency counts, in seconds: 0.1 ms to about 100 s, each 1.15 times the one before. */
export const LATENCY_BOUNDS: readonly number[] = Array.from({ length: 100 }, (_, i) => 0.0001 * 1.15 ** i);
