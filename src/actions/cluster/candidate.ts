import {
  type ClusterApp,
  type ClusterSettings,
  type ClusterVersion,
  currentVersion,
  nextVersionName,
  withVersion,
} from "../../kube/app-state.js";
import type { Candidate } from "../deploy/candidate.js";

/** The state with the new version noted (the last of the list), and without what an interrupted deployment has left beside the current one. */
export function withCandidate(
  app: ClusterApp,
  { bundle, notebook }: Candidate,
  image: string,
  settings: ClusterSettings,
  now: number,
): ClusterApp {
  const current = app.versions.find((version) => version.name === currentVersion(app));
  const desired = app.desired.filter(({ weight }) => weight > 0);
  const same = current !== undefined && current.bundle === bundle.digest && current.image === image;
  const changed = { ...app, settings, desired };
  // Only how it is run has changed: its pods are replaced, its name stays.
  if (same) return { ...changed, versions: [...app.versions.filter((one) => one !== current), current] };
  const version: ClusterVersion = {
    name: nextVersionName(app),
    color: current?.color === "blue" ? "green" : "blue",
    created: new Date(now).toISOString(),
    notebook: notebook === null ? null : notebook.replace(/^.*[\\/]/, ""),
    bundle: bundle.digest,
    image,
  };
  return withVersion(changed, version);
}
