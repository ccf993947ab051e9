import { Interrupted } from "../core/errors.js";
import { pause } from "../core/pause.js";
import { type Doing, failureOf } from "./failure.js";

export interface Patience {
  tries: number;
  /** Before the second attempt; doubled with each further one. */
  pauseMs: number;
  /** Longest time without a byte. */
  silenceMs: number;
}

export const PATIENCE: Patience = { tries: 5, pauseMs: 500, silenceMs: 30_000 };
const LONGEST_PAUSE_MS = 10_000;

/** A failure that has its own sentence already. */
export class Told extends Error {
  constructor(readonly error: Error) {
    super(error.message);
  }
}

/**
 * Does it, and again while that may help: stores cut connections, and ask for patience when they are busy.
 * @param say told of each failure that is not the last
 */
export async function attempts<T>(
  work: () => Promise<T>,
  doing: Doing,
  { tries, pauseMs }: Patience,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw new Interrupted();
      if (error instanceof Told) throw error.error;
      const failure = failureOf(error, doing);
      if (!failure.again || n >= tries) throw failure.error;
      say(`${failure.error.message}; trying again`);
      // Four at a time that were turned away together come back one by one.
      const longest = Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** (n - 1));
      await pause(longest * (0.5 + Math.random() / 2), signal);
    }
  }
}
