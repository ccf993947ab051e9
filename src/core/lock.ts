import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { Interrupted, OperationError } from "./errors.js";
import { fileError } from "./fs.js";
import { isSameProcess, processStart } from "./process.js";

export interface LockOwner {
  pid: number;
  start: string | null;
  host: string;
  command: string;
  since: string;
}

export interface Lock {
  /** Is it still ours? Another one may have taken it over. */
  held(): boolean;
  release(): Promise<void>;
}

export interface LockOptions {
  /** What the holder is doing, shown to whoever finds the lock taken. */
  command: string;
  /** Milliseconds to wait for it; 0 fails at once. */
  wait?: number;
  /** Take it from whoever holds it and lives. That one finds out by `held`. */
  force?: boolean;
  signal?: AbortSignal;
}

/**
 * Takes an exclusive lock file that names its owner. The content appears together with the name (link of a complete file),
 * so a reader never sees a lock without owner. A lock whose owner is gone is taken over.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  const deadline = Date.now() + (options.wait ?? 0);
  const owner: LockOwner = {
    pid: process.pid,
    start: processStart(process.pid),
    host: hostname(),
    command: options.command,
    since: new Date().toISOString(),
  };
  const own = join(dirname(path), `.${randomBytes(6).toString("hex")}.lock`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(own, JSON.stringify(owner));
  } catch (cause) {
    throw fileError(path, "locked", cause);
  }
  try {
    for (;;) {
      const taken = await link(own, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === "EEXIST") return false;
          throw fileError(path, "locked", error);
        },
      );
      if (taken) return new HeldLock(path, owner);
      const holder = await readOwner(path);
      if (holder === null) continue;
      if (holder.host === owner.host && !isSameProcess(holder)) {
        // Only one of several finders may remove it: the one whose rename of the stale file succeeds.
        await removeStale(path, holder);
        continue;
      }
      if (options.force === true) {
        await rename(own, path);
        return new HeldLock(path, owner);
      }
      if (options.signal?.aborted) throw new Interrupted();
      if (Date.now() >= deadline) throw locked(holder);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await rm(own, { force: true });
  }
}

class HeldLock implements Lock {
  readonly #path: string;
  readonly #owner: string;

  constructor(path: string, owner: LockOwner) {
    this.#path = path;
    this.#owner = JSON.stringify(owner);
  }

  held(): boolean {
    try {
      return readFileSync(this.#path, "utf8") === this.#owner;
    } catch {
      return false;
    }
  }

  /** Leaves the lock of whoever has taken it over. */
  async release(): Promise<void> {
    if (this.held()) await rm(this.#path, { force: true });
  }
}

/** Who holds the lock, or null. */
export async function readOwner(path: string): Promise<LockOwner | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as LockOwner;
  } catch {
    return null;
  }
}

async function removeStale(path: string, seen: LockOwner): Promise<void> {
  const guard = `${path}.stale`;
  try {
    await writeFile(guard, String(process.pid), { flag: "wx" });
  } catch {
    const pid = Number(await readFile(guard, "utf8").catch(() => "0"));
    if (pid > 0 && processStart(pid) === null) await rm(guard, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    return;
  }
  const now = await readOwner(path);
  if (now !== null && now.pid === seen.pid && now.since === seen.since) await rm(path, { force: true });
  await rm(guard, { force: true });
}

function locked(holder: LockOwner): OperationError {
  return new OperationError(
    "IAPP_LOCK_TAKEN",
    `another command is at work: ${holder.command} (process ${holder.pid} on ${holder.host}, since ${holder.since})`,
    {
      remedy: "Wait for it to end, or stop it and try again.",
      data: { holder },
      retryable: true,
    },
  );
}
