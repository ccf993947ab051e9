import {
  type ClusterApp,
  type ClusterSettings,
  type ClusterVersion,
  currentVersion,
  nextVersionName,
  type RunSettings,
  withVersion,
} from "../../kube/app-state.js";
import type { Candidate } from "../deploy/candidate.js";

/** What a new version is made from. */
export interface Wanted {
  candidate: Candidate;
  image: string;
  run: RunSettings;
  settings: ClusterSettings;
}

/** The version that serves now, when it is the wanted one in every respect; else null. */
export function servingSame(
  app: ClusterApp,
  { candidate, image, run }: Omit<Wanted, "settings">,
): ClusterVersion | null {
  const current = app.versions.find(({ name }) => name === currentVersion(app));
  if (current === undefined || current.bundle !== candidate.bundle.digest || current.image !== image) return null;
  return JSON.stringify(current.run) === JSON.stringify(run) ? current : null;
}

/**
 * The state with the wanted version noted, and without what an interrupted deployment has left beside the current one. Where the current
 * version is the wanted one, only the settings change.
 */
export function withCandidate(app: ClusterApp, wanted: Wanted, now: number): { app: ClusterApp; version: string } {
  const { candidate, image, run, settings } = wanted;
  const changed = { ...app, settings, desired: app.desired.filter(({ weight }) => weight > 0) };
  const same = servingSame(app, wanted);
  if (same !== null) return { app: changed, version: same.name };
  const before = app.versions.find(({ name }) => name === currentVersion(app));
  const version: ClusterVersion = {
    name: nextVersionName(app),
    color: before?.color === "blue" ? "green" : "blue",
    created: new Date(now).toISOString(),
    notebook: candidate.notebook === null ? null : candidate.notebook.replace(/^.*[\\/]/, ""),
    bundle: candidate.bundle.digest,
    image,
    run,
  };
  return { app: withVersion(changed, version), version: version.name };
}
