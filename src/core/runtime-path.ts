import { join } from "node:path";
import { packageRoot } from "./package-root.js";

/** The folder that goes onto `PYTHONPATH`: it holds the package `iapp_runtime`. */
export function runtimePath(): string {
  return join(packageRoot(), "src", "runtime");
}
