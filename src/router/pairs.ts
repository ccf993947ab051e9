import { type DeltaCounts, type MirrorEvidence, noOutcomes, type PairOutcome } from "../core/evidence.js";
import { addTo, newSketch } from "../core/sketch.js";
import { type Answered, comparePredictions, type RowPair, worthOf } from "./predictions.js";
import type { RouteMirror } from "./route.js";
import { Slices } from "./slices.js";

/** Rows of one request that are compared: those of a large one are alike, and comparing must not hold up the router. */
const ROWS = 100;

/** One request with the answers of both versions. */
export interface Pair {
  scoring: boolean;
  /** The request's body where it is JSON. */
  request: Buffer | null;
  before: Answered;
  after: Answered;
}

const noDelta = (): DeltaCounts => ({ count: 0, sum: 0, sum_squares: 0, sum_sizes: 0, max: 0, sizes: newSketch() });

/** What has become of the copies of one mirroring. */
export class PairLog {
  readonly #slices = new Slices();
  readonly #counts: MirrorEvidence;

  constructor(generation: number, { from, to }: RouteMirror) {
    this.#counts = {
      generation,
      from,
      to,
      sent: 0,
      dropped: {},
      outcomes: noOutcomes(),
      compared: 0,
      rows: 0,
      equal_rows: 0,
      delta: noDelta(),
      repeated: { rows: 0, equal_rows: 0, delta: noDelta() },
      features: [],
    };
  }

  is({ from, to }: RouteMirror): boolean {
    return this.#counts.from === from && this.#counts.to === to;
  }

  drop(reason: string): void {
    this.#counts.dropped[reason] = (this.#counts.dropped[reason] ?? 0) + 1;
  }

  pair(pair: Pair): void {
    const counts = this.#counts;
    counts.sent += 1;
    const [before, after] = [worthOf(pair.before, pair.scoring), worthOf(pair.after, pair.scoring)];
    if (before.kind !== "good") {
      // What the client did wrong, and what both got wrong, is nobody's.
      const blamed = before.kind !== "refused" && after.kind === "good";
      counts.outcomes[blamed ? "old_failed" : "neither"] += 1;
      return;
    }
    if (after.kind !== "good") {
      counts.outcomes[`new_${after.kind}`] += 1;
      return;
    }
    if (before.predictions === null || after.predictions === null) {
      counts.outcomes.both += 1;
      return;
    }
    counts.outcomes[this.#rows(before.predictions, after.predictions, pair.request)] += 1;
  }

  /** The old version's second answer to the same request. */
  repeat(before: Answered, again: Answered): void {
    const [first, second] = [worthOf(before, true), worthOf(again, true)];
    if (first.kind !== "good" || second.kind !== "good" || first.predictions === null) return;
    const { repeated } = this.#counts;
    for (const [i, prediction] of first.predictions.slice(0, ROWS).entries()) {
      const row = comparePredictions(prediction, second.predictions?.[i]);
      repeated.rows += 1;
      repeated.equal_rows += Number(row.equal);
      count(repeated.delta, row);
    }
  }

  report(): MirrorEvidence {
    return { ...this.#counts, features: this.#slices.report() };
  }

  #rows(before: unknown[], after: unknown[], request: Buffer | null): PairOutcome {
    if (before.length !== after.length) return "new_invalid";
    const pairs = before.slice(0, ROWS).map((prediction, i) => comparePredictions(prediction, after[i]));
    if (pairs.some(({ invalid }) => invalid)) return "new_invalid";
    const counts = this.#counts;
    const asked = request === null ? [] : rowsOf(request);
    for (const [i, row] of pairs.entries()) {
      counts.rows += 1;
      counts.equal_rows += Number(row.equal);
      count(counts.delta, row);
      if (asked.length === before.length) this.#slices.add(asked[i], row);
    }
    counts.compared += 1;
    return "both";
  }
}

function count(delta: DeltaCounts, { delta: value }: RowPair): void {
  if (value === null) return;
  delta.count += 1;
  delta.sum += value;
  delta.sum_squares += value * value;
  delta.sum_sizes += Math.abs(value);
  delta.max = Math.max(delta.max, Math.abs(value));
  addTo(delta.sizes, Math.abs(value));
}

/** `{"rows": [...]}`, or one bare row. */
function rowsOf(request: Buffer): unknown[] {
  try {
    const document = JSON.parse(request.toString("utf8")) as { rows?: unknown } | null;
    return Array.isArray(document?.rows) ? document.rows : [document];
  } catch {
    return [];
  }
}
