import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join, relative } from "node:path";
import { exec } from "../../core/exec.js";
import { exists } from "../../core/fs.js";
import { readOwner } from "../../core/lock.js";
import { isSameProcess } from "../../core/process.js";
import { livingProcesses } from "../../local/control.js";
import { appPaths } from "../../local/paths.js";
import type { AppState } from "../../local/state.js";
import { ENVIRONMENT_MARK } from "../../project/layout.js";
import { type Check, type Finding, ok, type Patient, warn } from "./finding.js";

/** Environments that were not finished, or whose Python does not run any more. */
export const environments: Check = async (patient) => {
  const { envs } = patient.layout;
  const entries = await readdir(envs, { withFileTypes: true }).catch(() => []);
  const dirs = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(envs, name));
  if (dirs.length === 0) return [ok("environments", "none made yet")];
  const used = await usedFolders(patient);
  const busy = await isBeingMade(envs);
  const findings = (await Promise.all(dirs.map((dir) => judge(patient, dir, used, busy)))).filter(
    (one) => one !== null,
  );
  if (findings.length > 0) return findings;
  return [ok("environments", busy ? `${dirs.length} there, one of them in the making` : `${dirs.length} complete`)];
};

async function judge(patient: Patient, dir: string, used: string, busy: boolean): Promise<Finding | null> {
  const name = relative(patient.layout.root, dir);
  const problem = await whatIsWrong(patient, dir);
  if (problem === null || busy) return null;
  // What runs may still load parts of it.
  if (used.includes(dir)) {
    return warn("environments", `${name} ${problem}, and an app that runs uses it`, "Deploy again; a new one is made.");
  }
  return warn(
    "environments",
    `${name} ${problem}`,
    "Remove it: iapp doctor --fix. It is made again when it is needed.",
    async () => {
      await rm(dir, { recursive: true, force: true });
      return `removed ${name}`;
    },
  );
}

async function whatIsWrong(patient: Patient, dir: string): Promise<string | null> {
  if (!(await exists(join(dir, ENVIRONMENT_MARK)))) return "was not finished";
  const options = { env: patient.env, signal: patient.signal, timeout: 10_000 };
  const answer = await exec(join(dir, "bin", "python"), ["-I", "-c", ""], options).catch((error: unknown) => {
    if (patient.signal.aborted) throw error;
    return null;
  });
  return answer?.code === 0 ? null : "has a Python that does not run (was the one it was made from removed?)";
}

/** Somebody holds a lock of the environments' folder: what looks half-made is in the making. */
async function isBeingMade(envs: string): Promise<boolean> {
  const names = (await readdir(envs).catch(() => [])).filter((name) => name.endsWith(".lock"));
  const owners = await Promise.all(names.map((name) => readOwner(join(envs, name))));
  return owners.some((owner) => owner !== null && (owner.host !== hostname() || isSameProcess(owner)));
}

/** The commands of all versions of apps that run. */
async function usedFolders({ layout }: Patient): Promise<string> {
  const apps = await readdir(layout.apps).catch(() => []);
  const commands = await Promise.all(
    apps.map(async (app) => {
      try {
        const state = JSON.parse(await readFile(appPaths(join(layout.apps, app)).state, "utf8")) as AppState;
        return livingProcesses(state).length === 0 ? [] : state.versions.flatMap(({ command }) => command);
      } catch {
        return [];
      }
    }),
  );
  return commands.flat().join("\n");
}
