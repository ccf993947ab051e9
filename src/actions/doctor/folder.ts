import { mkdtemp, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists, fileError } from "../../core/fs.js";
import { ensureState } from "../../project/layout.js";
import { withStateIgnored } from "../init/ignore-file.js";
import { type Check, type Finding, fail, ok, type Patient, warn } from "./finding.js";

const MB = 1024 * 1024;
/** An environment with pandas and scikit-learn takes about this much. */
const LITTLE_MB = 400;
const ENOUGH_MB = 2048;

/** May files be made where iapp makes them, and is there room? */
export const folder: Check = async (patient) => {
  const { root, state } = patient.layout;
  const places = (await exists(state)) ? [root, state] : [root];
  const findings: Finding[] = [];
  let written: number | null = null;
  for (const place of places) {
    try {
      written = await tryToWrite(place);
    } catch (cause) {
      const { message } = fileError(place, "written to", cause);
      findings.push(fail("folder", message, "Give yourself the right to write there, or work in a copy."));
    }
  }
  if (findings.length === 0) findings.push(ok("folder", `${root} can be written to`));
  findings.push(await space(places.at(-1)!));
  if (written !== null && Math.abs(written - patient.now()) > 120_000) {
    const text = "the clock of the file system and this machine's differ by more than two minutes";
    findings.push(warn("clock", text, "Set the clocks; files will seem newer or older than they are."));
  }
  if (places.length > 1) findings.push(...(await ignored(patient)));
  return findings;
};

/** Resolves with the time that the file system gave the file. */
async function tryToWrite(place: string): Promise<number> {
  const probe = await mkdtemp(join(place, ".iapp-doctor-"));
  try {
    await writeFile(join(probe, "probe"), "x".repeat(4096));
    return (await stat(join(probe, "probe"))).mtimeMs;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

async function space(place: string): Promise<Finding> {
  try {
    const { bavail, bsize, ffree, files } = await statfs(place);
    return judgeSpace(bavail * bsize, files > 0 ? ffree : null);
  } catch (cause) {
    return warn("disk", fileError(place, "measured", cause).message, null);
  }
}

/** @param bytes that are free for this user; @param inodes that are free, null where the file system counts none */
export function judgeSpace(bytes: number, inodes: number | null): Finding {
  const free = bytes / MB;
  const remedy = "Free some space; .iapp/runs and .iapp/envs may be deleted and are made again.";
  if (inodes !== null && inodes < 1000)
    return fail("disk", `the file system has room for ${inodes} more files only`, remedy);
  const text = `${free < 10 * 1024 ? `${Math.floor(free)} MB` : `${Math.floor(free / 1024)} GB`} free`;
  if (free < LITTLE_MB) return fail("disk", `${text}: too little for an environment`, remedy);
  if (free < ENOUGH_MB) return warn("disk", `${text}: enough for a small environment only`, remedy);
  return ok("disk", text);
}

/** `.iapp` hides itself from git by a file of its own. */
async function ignored({ layout }: Patient): Promise<Finding[]> {
  if (await exists(join(layout.state, ".gitignore"))) return [];
  if ((await withStateIgnored(layout.root)) === null) return [];
  return [
    warn("gitignore", "git would take .iapp into the repository", "Add .iapp/ to .gitignore.", async () => {
      await ensureState(layout);
      return "wrote .iapp/.gitignore";
    }),
  ];
}
