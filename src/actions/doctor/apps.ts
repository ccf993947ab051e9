import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isSupervised, livingProcesses } from "../../local/control.js";
import { appPaths } from "../../local/paths.js";
import type { AppState, UnitStatus } from "../../local/state.js";
import { type Check, type Finding, fail, ok, warn } from "./finding.js";

/** Apps that should run and do not, and states that cannot be read. */
export const apps: Check = async ({ layout }) => {
  const names = (await readdir(layout.apps, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const findings = (await Promise.all(names.map((name) => judge(name, join(layout.apps, name))))).flat();
  return findings.length > 0 ? findings : [ok("apps", "no apps here")];
};

async function judge(name: string, dir: string): Promise<Finding[]> {
  const text = await readFile(appPaths(dir).state, "utf8").catch(() => null);
  // Made for a first deploy that did not get far; the next one goes on from there.
  if (text === null) return [];
  try {
    return [judgeState(name, JSON.parse(text) as AppState)];
  } catch {
    const remedy = `Stop what may run with: iapp delete ${name}; then deploy again.`;
    return [fail("apps", `the state of ${name} is damaged (${appPaths(dir).state})`, remedy)];
  }
}

function judgeState(name: string, state: AppState): Finding {
  if (state.schema !== "iapp.app/1") {
    return fail(
      "apps",
      `${name} was deployed by another version of iapp (${String(state.schema)})`,
      "Use that version for it.",
    );
  }
  const living = livingProcesses(state);
  if (!state.desired.running) {
    if (living.length === 0 || isSupervised(state)) return ok("apps", `${name} is stopped`);
    const pids = living.map(({ process }) => process!.pid).join(", ");
    return warn("apps", `${name} is stopped, but processes of it live: ${pids}`, `Run: iapp stop ${name}`);
  }
  if (!isSupervised(state)) {
    const rest = living.length === 0 ? "nothing of it runs" : `${living.length} of its processes run unwatched`;
    return warn("apps", `${name} should run, but its supervisor is gone and ${rest}`, `Run: iapp restart ${name}`);
  }
  const units: UnitStatus[] = [
    ...Object.values(state.observed.versions).flat(),
    ...(state.observed.router ? [state.observed.router] : []),
  ];
  const looping = units.find(({ phase }) => phase === "crash-loop");
  if (looping !== undefined) {
    return warn(
      "apps",
      `${name}: ${looping.unit} was given up after it failed again and again`,
      `See: iapp logs ${name}`,
    );
  }
  return ok("apps", `${name} is supervised`);
}
