import { readdirSync, readFileSync } from "node:fs";
import { isAlive, isSameProcess } from "../core/process.js";
import type { ProcessId } from "../core/process-file.js";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Processes (not zombies) of a process group. Without `/proc` a living group is reported as its leader alone. */
export function groupMembers(group: number): number[] {
  if (process.platform !== "linux") return isAlive(-group) ? [group] : [];
  return allProcesses().filter((pid) => {
    const fields = statFields(pid);
    return fields !== null && fields[0] !== "Z" && Number(fields[2]) === group;
  });
}

/** Processes that carry this mark in their environment although they left the group (a double fork, `setsid`). Linux only. */
export function markedProcesses(mark: string): number[] {
  if (process.platform !== "linux") return [];
  return allProcesses().filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${MARK}=${mark}`);
    } catch {
      return false;
    }
  });
}

/** The environment variable by which descendants of a unit are recognised. */
export const MARK = "IAPP_PROCESS";

/**
 * Ends a process group that was started by a recorded leader: SIGTERM, `grace` milliseconds, SIGKILL. Also ends descendants that
 * left the group. Resolves when nothing of it lives. A pid that meanwhile belongs to somebody else is left alone.
 */
export async function endGroup(leader: ProcessId, mark: string | null, grace: number): Promise<void> {
  // While any member lives, the kernel gives the leader's number to nobody: a dead leader's group is still the same group.
  const ours = isSameProcess(leader) || !isAlive(leader.pid);
  if (ours) {
    send(-leader.pid, "SIGTERM");
    const deadline = Date.now() + grace;
    while (groupMembers(leader.pid).length > 0 && Date.now() < deadline) await pause(50);
    for (let i = 0; i < 100 && groupMembers(leader.pid).length > 0; i++) {
      send(-leader.pid, "SIGKILL");
      await pause(50);
    }
  }
  if (mark !== null) await endMarked(mark);
}

/** Ends whatever carries the mark, wherever it has gone. */
export async function endMarked(mark: string): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const left = markedProcesses(mark);
    if (left.length === 0) return;
    for (const pid of left) send(pid, i === 0 ? "SIGTERM" : "SIGKILL");
    await pause(100);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

function allProcesses(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** proc(5) stat from field 3 (state) on: [state, ppid, pgrp, session, ...]. */
function statFields(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
