import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { OperationError } from "./errors.js";

/** Files that are shipped beside the bundle, and the packages they come from when run from source. */
const ASSETS = {
  "tree-sitter-python.wasm": "tree-sitter-python/tree-sitter-python.wasm",
  "web-tree-sitter.wasm": "web-tree-sitter/web-tree-sitter.wasm",
} as const;

export type AssetName = keyof typeof ASSETS;

/** The path of a shipped file: in `dist/` when bundled (this code is there or in `dist/chunks/`), else in `node_modules`. */
export function assetPath(name: AssetName): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const folder of [here, dirname(here)]) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  try {
    return createRequire(import.meta.url).resolve(ASSETS[name]);
  } catch (cause) {
    throw new OperationError("IAPP_INSTALL_DAMAGED", `${name} is missing from this installation of iapp`, {
      remedy: "Install iapp again.",
      cause,
    });
  }
}
