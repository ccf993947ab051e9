import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exists } from "../../core/fs.js";
import { readState } from "../../local/state.js";
import type { ProjectLayout } from "../../project/layout.js";

const LOCK = "requirements.lock";

/**
 * The interpreter that a bundle is run with: the one that was named, else that of a version in this project which was deployed with
 * the very same locked packages.
 */
export async function pythonForBundle(
  ctx: Context,
  layout: ProjectLayout,
  bundle: string,
  given: string | undefined,
): Promise<string> {
  if (given !== undefined) {
    const path = resolve(ctx.cwd, given);
    if (await exists(path)) return path;
    throw new UserError("IAPP_DEPLOY_PYTHON", `there is no interpreter ${given}`);
  }
  const wanted = await lockOf(bundle);
  for (const name of await readdir(layout.apps).catch(() => [])) {
    const state = await readState(join(layout.apps, name));
    for (const version of [...(state?.versions ?? [])].reverse()) {
      const python = version.command[0]!;
      if (wanted !== null && (await lockOf(version.bundle.dir)) === wanted && (await exists(python))) return python;
    }
  }
  throw new UserError("IAPP_DEPLOY_PYTHON", "no environment with this bundle's packages is known here", {
    remedy: `Install ${join(bundle, LOCK)} into a virtual environment and name its interpreter with --python.`,
  });
}

const lockOf = (bundle: string): Promise<string | null> => readFile(join(bundle, LOCK), "utf8").catch(() => null);
