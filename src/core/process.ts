import { readFileSync } from "node:fs";

/**
 * When a process started, as an opaque text that two looks at the same process share; null where there is no such process.
 * A pid alone is no identity: it is used again after a restart.
 */
export function processStart(pid: number): string | null {
  if (!isAlive(pid)) return null;
  if (process.platform !== "linux") return "alive";
  try {
    // proc(5): field 22 counts from boot; the name in field 2 may hold spaces and brackets, so start behind the last bracket.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Is this the very process that was recorded? */
export function isSameProcess(recorded: { pid: number; start: string | null }): boolean {
  const start = processStart(recorded.pid);
  return start !== null && (recorded.start === null || start === recorded.start);
}

/** One that is about to end, or was killed, is gone at once but for what the kernel still does for it. */
const ENDED_MS = 5000;

/** Waits until a recorded process has ended, but not for ever. Resolves with whether it has. */
export async function hasEnded(recorded: { pid: number; start: string | null }): Promise<boolean> {
  const deadline = performance.now() + ENDED_MS;
  while (isSameProcess(recorded)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
