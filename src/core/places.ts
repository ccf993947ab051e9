/** Where things lie in the images that iapp makes, and who runs them. */
export const PLACES = {
  /** Python packages. */
  lib: "opt/iapp/lib",
  /** Holds `iapp_runtime`. */
  runtime: "opt/iapp/runtime",
  bundle: "opt/iapp/bundle",
  /** The command line, in images that train. */
  cli: "opt/iapp/cli",
  /** Code and data of the project, as they were when the image was built. */
  project: "opt/iapp/project",
  /** Where a job works: the only folder that must be writable. */
  work: "workspace",
} as const;

/** Nobody: no entry in any password file is needed, and Kubernetes can see that it is not root. */
export const USER = "65532:65532";
/** Of the scoring service in its container. */
export const SCORING_PORT = 8080;
