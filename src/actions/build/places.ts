/** Where things lie in the images that iapp makes, and who runs them. */
export const PLACES = {
  /** Python packages. */
  lib: "opt/iapp/lib",
  /** Holds `iapp_runtime`. */
  runtime: "opt/iapp/runtime",
  bundle: "opt/iapp/bundle",
} as const;

/** Nobody: no entry in any password file is needed, and Kubernetes can see that it is not root. */
export const USER = "65532:65532";
export const PORT = 8080;
