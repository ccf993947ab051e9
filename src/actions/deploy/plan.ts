import type { AppState, Color, VersionRecord } from "../../local/state.js";
import type { Candidate } from "./candidate.js";

export type DeployPlan =
  /** This very bundle gets the requests already. */
  | { kind: "unchanged"; version: string }
  /** This very bundle was the last one, but it does not run. */
  | { kind: "start"; version: string }
  /** A new version; `replaces` is what gets the requests now. */
  | { kind: "new"; version: string; color: Color; replaces: string | null };

/** The version that gets all requests, or null when nothing does. */
export function currentVersion(state: AppState): string | null {
  return state.desired.versions.find(({ weight }) => weight === 1000)?.name ?? null;
}

/** What deploying a candidate means. Pure. @param serving does the current version answer at the moment? */
export function planDeploy(state: AppState | null, candidate: Candidate, serving: boolean): DeployPlan {
  const current = state === null ? null : currentVersion(state);
  const record = state?.versions.find(({ name }) => name === current);
  if (record !== undefined && isSame(record, candidate)) {
    return { kind: serving ? "unchanged" : "start", version: record.name };
  }
  const version = nextVersion(state);
  const replaces = state?.desired.running === true ? current : null;
  return { kind: "new", version, color: record?.color === "blue" ? "green" : "blue", replaces };
}

/** The same bundle run by the same interpreter. */
function isSame(record: VersionRecord, candidate: Candidate): boolean {
  return record.bundle.digest === candidate.bundle.digest && record.command[0] === candidate.python;
}

/** Numbers of failed versions are not used again: logs and history speak of them. */
export function nextVersion(state: AppState | null): string {
  const numbers = (state?.versions ?? []).map(({ name }) => Number(name.slice(1)));
  return `v${Math.max(0, ...numbers) + 1}`;
}
