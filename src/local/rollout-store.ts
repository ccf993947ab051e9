import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { OperationError } from "../core/errors.js";
import { readJson, writeJson } from "../core/fs.js";
import { acquireLock } from "../core/lock.js";
import type { RolloutStore } from "../rollout/driver.js";
import { fenced, isOver, parseRollout, type Request, type RolloutState, revised } from "../rollout/state.js";

const file = (dir: string): string => join(dir, "rollout.json");
const past = (dir: string): string => join(dir, "rollouts");

/** The app's last rollout, or null where there was none. */
export async function readRollout(dir: string): Promise<RolloutState | null> {
  const document = await readJson(file(dir));
  if (document === null) return null;
  try {
    return parseRollout(document);
  } catch (cause) {
    throw new OperationError("IAPP_ROLLOUT_STATE", `${file(dir)}: ${(cause as Error).message}`, {
      remedy: "Use the version of iapp that began it.",
    });
  }
}

/** Ended rollouts, newest first. */
export async function pastRollouts(dir: string): Promise<RolloutState[]> {
  const names = (await readdir(past(dir)).catch(() => [])).filter((name) => name.endsWith(".json"));
  const read = await Promise.all(names.map((name) => readJson<RolloutState>(join(past(dir), name))));
  return read.filter((one) => one !== null).sort((a, b) => b.started_ms - a.started_ms);
}

async function change(
  dir: string,
  make: (before: RolloutState | null) => RolloutState | null,
): Promise<RolloutState | null> {
  const lock = await acquireLock(join(dir, "rollout.lock"), { command: "a change of the rollout", wait: 10_000 });
  try {
    const after = make(await readRollout(dir));
    if (after === null) return null;
    await writeJson(file(dir), after);
    if (isOver(after)) await writeJson(join(past(dir), `${after.id}.json`), after);
    return after;
  } finally {
    await lock.release();
  }
}

/** Leaves a request for whoever drives. Null where no rollout is under way. */
export function askRollout(dir: string, request: Request): Promise<RolloutState | null> {
  return change(dir, (state) => (state === null || isOver(state) ? null : { ...state, request }));
}

/** Makes every write of the one who drove it so far fail. Null where no rollout is under way. */
export function fenceRollout(dir: string, text: string): Promise<RolloutState | null> {
  return change(dir, (state) => (state === null || isOver(state) ? null : fenced(state, Date.now(), text)));
}

/** A rollout in a file, written under a lock; the revision tells who came second. */
export class LocalRolloutStore implements RolloutStore {
  readonly #dir: string;
  #seen: Request | null = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async create(state: RolloutState): Promise<void> {
    await change(this.#dir, () => state);
  }

  async load(): Promise<RolloutState> {
    const state = await readRollout(this.#dir);
    if (state === null) throw new OperationError("IAPP_ROLLOUT_GONE", "the rollout's state is gone");
    this.#seen = state.request;
    return state;
  }

  save(state: RolloutState): Promise<RolloutState | null> {
    return change(this.#dir, (before) => revised(state, before, this.#seen));
  }
}
