import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileError } from "../core/fs.js";
import { configError, type Diagnostic } from "./diagnostic.js";
import { parseConfig } from "./parse.js";
import { type Config, defaultConfig } from "./schema.js";

export const CONFIG_FILE = "iapp.yaml";

export interface LoadedConfig {
  /** Null when there are errors. */
  config: Config | null;
  diagnostics: Diagnostic[];
}

/** Reads one `iapp.yaml`. Where there is none the defaults hold. @throws OperationError when it cannot be read */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { config: defaultConfig(), diagnostics: [] };
    throw fileError(path, "read", cause);
  }
  return parseConfig(bytes, basename(path));
}

/** The configuration of a project's folder. @throws UserError IAPP_CONFIG_INVALID with everything that is wrong */
export async function projectConfig(root: string): Promise<{ config: Config; warnings: Diagnostic[] }> {
  const { config, diagnostics } = await loadConfig(join(root, CONFIG_FILE));
  if (config === null) throw configError(diagnostics);
  return { config, warnings: diagnostics };
}
