import { LATENCY_BOUNDS } from "../core/evidence.js";
import { type Epoch, quantileIndex, total } from "./evidence.js";
import { bet, newWager, type Wager } from "./wager.js";

/** Answers of one version, and those of them that took long. */
interface Answers {
  answers: number;
  slow: number;
}

/** How fast the two versions answer, compared period by period while both get requests. */
export interface Pace {
  /** Share of the new version, thousandths: with other weights a period begins anew. */
  weight: number;
  /** Answers above this index of `LATENCY_BOUNDS` are slow: the old version's p95 before, and half as much again. Null: not known yet. */
  slow_above: number | null;
  /** Where the present period began, and what had been counted by then. */
  since_ms: number;
  old: Answers;
  new: Answers;
  /** All that was compared. */
  compared: { old: Answers; new: Answers };
  /** Each of `BETS` is a strategy, each period a round. */
  wager: Wager;
}

/** Fewest answers of the old version from which its p95 is taken. */
const ENOUGH = 100;
/** A slowdown below this is nobody's business, nor are so many times more slow answers and one of a hundred: machines are noisy. */
const SLOWER = 1.5;
const MORE = 0.01;
/** A process that halts for a moment is slow for all that it has in flight: together they are one thing that happened. */
const PERIOD_MS = 1000;
/** From this share of slow answers on, a version is as slow in a period as it can be. */
const CAP = 0.2;
/** Shares of what they own that are put on the new version's being the slower one, period by period. */
const BETS = [0.1, 0.3, 0.6, 0.9];

const NONE: Answers = { answers: 0, slow: 0 };

export const NO_PACE: Pace = {
  weight: 0,
  slow_above: null,
  since_ms: 0,
  old: NONE,
  new: NONE,
  compared: { old: NONE, new: NONE },
  wager: newWager(BETS.length),
};

/** Takes in what has been counted by now. With the same counts again nothing changes. */
export function pursue(before: Pace, epochs: readonly Epoch[], weight: number, now: number): Pace {
  if (weight <= 0 || weight >= 1000) return before;
  const counted = total(epochs.filter((epoch) => epoch.weight === weight));
  // What is slow is laid down before it is counted: never by the very answers that are judged by it.
  const known = before.weight === weight && before.slow_above !== null;
  const slow_above = known ? before.slow_above : slowAbove(total(epochs).old.latency);
  const counts = { old: answersOf(counted.old.latency, slow_above), new: answersOf(counted.new.latency, slow_above) };
  const next = { ...before, ...counts, weight, slow_above, since_ms: now };
  if (!known) return next;
  const [old, fresh] = [minus(counts.old, before.old), minus(counts.new, before.new)];
  // The clock of another driver may be behind.
  const over = Math.abs(now - before.since_ms) >= PERIOD_MS && old.answers > 0 && fresh.answers > 0;
  if (!over) return before;
  const { compared, wager } = before;
  const won = gain(old, fresh, weight);
  return {
    ...next,
    compared: { old: plus(compared.old, old), new: plus(compared.new, fresh) },
    wager: bet(
      wager,
      BETS.map((part) => Math.log1p(part * won)),
    ),
  };
}

/**
 * What a period wins for each unit that is put on the new version, between -1 and 1. Not a count of slow answers, which come in bursts, but
 * the difference of their shares: its mean is not above zero where the new version is slow no more often than is allowed, whatever is slow
 * together (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting").
 */
function gain(old: Answers, fresh: Answers, weight: number): number {
  // Shares of few answers scatter more, and a cap takes more from what scatters more: it must not be the old version that loses by it.
  const cap = weight <= 500 ? CAP : 1;
  const allowed = (SLOWER * old.slow) / old.answers + MORE;
  return (Math.min(cap, fresh.slow / fresh.answers) - Math.min(cap, allowed)) / cap;
}

/** Failures are no answers here: they are accused as such, and those of a version that has died are the fastest of all. */
function answersOf(latency: readonly number[], above: number | null): Answers {
  const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
  return { answers: sum(latency), slow: above === null ? 0 : sum(latency.slice(above + 1)) };
}

const minus = (a: Answers, b: Answers): Answers => ({ answers: a.answers - b.answers, slow: a.slow - b.slow });
const plus = (a: Answers, b: Answers): Answers => ({ answers: a.answers + b.answers, slow: a.slow + b.slow });

/** Index of the bound above which an answer is slow, from what the old version has shown so far. */
function slowAbove(latency: readonly number[]): number | null {
  if (answersOf(latency, null).answers < ENOUGH) return null;
  const p95 = LATENCY_BOUNDS[quantileIndex(latency, 0.95)];
  if (p95 === undefined) return null;
  const index = LATENCY_BOUNDS.findIndex((bound) => bound >= p95 * SLOWER);
  return index < 0 ? null : index;
}
