import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join, relative } from "node:path";
import { acquireLock, readOwner } from "../../core/lock.js";
import { isSameProcess } from "../../core/process.js";
import { type Check, type Finding, ok, type Patient, warn } from "./finding.js";

/** A lock appears complete; one that stays unreadable was cut off with the power. */
const DAMAGED_AFTER_MS = 10_000;

/** Locks whose owner is gone. */
export const locks: Check = async (patient) => {
  const paths = await lockFiles(patient);
  const findings = (await Promise.all(paths.map((path) => judge(patient, path)))).filter((one) => one !== null);
  return findings.length > 0 ? findings : [ok("locks", paths.length === 0 ? "no locks" : "every lock has its owner")];
};

async function lockFiles({ layout }: Patient): Promise<string[]> {
  const apps = await readdir(layout.apps).catch(() => []);
  const folders = [
    layout.state,
    layout.envs,
    layout.runs,
    layout.bundles,
    ...apps.map((app) => join(layout.apps, app)),
  ];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      return names.filter((name) => name.endsWith(".lock") && !name.startsWith(".")).map((name) => join(folder, name));
    }),
  );
  return found.flat();
}

async function judge(patient: Patient, path: string): Promise<Finding | null> {
  const name = relative(patient.layout.root, path);
  const owner = await readOwner(path);
  if (owner === null || !Number.isInteger(owner.pid)) {
    const info = await stat(path).catch(() => null);
    if (info === null || !info.isFile() || patient.now() - info.mtimeMs < DAMAGED_AFTER_MS) return null;
    return warn("locks", `${name} is damaged and holds up every command that wants it`, `Remove ${name}.`, async () => {
      await rm(path, { force: true });
      return `removed ${name}`;
    });
  }
  if (owner.host !== hostname()) {
    const text = `${name} is held on another machine: ${owner.command} (process ${owner.pid} on ${owner.host}, since ${owner.since})`;
    return warn("locks", text, `If that machine is gone, remove ${name}.`);
  }
  if (isSameProcess(owner)) return null;
  const text = `${name} was left by a process that is gone: ${owner.command} (process ${owner.pid}, since ${owner.since})`;
  return warn(
    "locks",
    text,
    `Remove it: iapp doctor --fix. The next command that needs ${basename(path)} does so too.`,
    async () => {
      // Taking it over and giving it back cannot hit a lock that somebody else has just taken.
      const lock = await acquireLock(path, { command: "iapp doctor --fix" });
      await lock.release();
      return `removed ${name}`;
    },
  );
}
