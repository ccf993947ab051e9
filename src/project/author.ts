import { join } from "node:path";
import type { Context } from "../core/events.js";
import { exec } from "../core/exec.js";
import { normalise } from "./import-names.js";

/** The environment in which the notebook was probably written, and the versions in it. */
export interface AuthorEnvironment {
  python: string;
  /** Normalised name -> version. */
  versions: ReadonlyMap<string, string>;
  why: string;
}

const LIST =
  "import json\ntry:\n from importlib.metadata import distributions\nexcept ImportError:\n distributions=lambda:[]\nprint(json.dumps({str(d.metadata['Name']):d.version for d in distributions() if d.metadata['Name']}))";

/**
 * The active virtual or conda environment when it holds at least one of the packages that the notebook imports: what is installed there
 * produced the stored outputs.
 */
export async function authorEnvironment(ctx: Context, imported: readonly string[]): Promise<AuthorEnvironment | null> {
  for (const [variable, why] of [
    ["VIRTUAL_ENV", "the active virtual environment"],
    ["CONDA_PREFIX", "the active conda environment"],
  ] as const) {
    const prefix = ctx.env[variable];
    if (!prefix) continue;
    const python = join(prefix, "bin/python");
    try {
      const { code, stdout } = await exec(python, ["-I", "-c", LIST], {
        env: ctx.env,
        signal: ctx.signal,
        timeout: 20_000,
      });
      if (code !== 0) continue;
      const entries = Object.entries(JSON.parse(stdout) as Record<string, string>);
      const versions = new Map(entries.map(([name, version]) => [normalise(name), version]));
      if (imported.some((name) => versions.has(name))) return { python, versions, why };
    } catch (error) {
      if (ctx.signal.aborted) throw error;
    }
  }
  return null;
}
