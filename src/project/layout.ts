import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileError } from "../core/fs.js";

/** Where everything that iapp keeps for a project lies. All of it may be deleted and is made again. */
export interface ProjectLayout {
  /** The project's folder: the nearest one upward with `iapp.yaml` or `.iapp`, else the notebook's (or current) folder. */
  root: string;
  /** `.iapp` in the root. */
  state: string;
  envs: string;
  runs: string;
  bundles: string;
  apps: string;
}

/** Written into an environment's folder last: one without it was not finished. */
export const ENVIRONMENT_MARK = "environment.json";

export function layoutOf(root: string): ProjectLayout {
  const state = join(root, ".iapp");
  return {
    root,
    state,
    envs: join(state, "envs"),
    runs: join(state, "runs"),
    bundles: join(state, "bundles"),
    apps: join(state, "apps"),
  };
}

/** Finds the project of a folder (see `ProjectLayout.root`). */
export async function findProject(from: string): Promise<ProjectLayout> {
  const start = resolve(from);
  for (let folder = start; ; folder = dirname(folder)) {
    for (const mark of ["iapp.yaml", ".iapp"]) {
      if (
        await stat(join(folder, mark)).then(
          () => true,
          () => false,
        )
      )
        return layoutOf(folder);
    }
    if (dirname(folder) === folder) return layoutOf(start);
  }
}

/** Makes `.iapp` with a `.gitignore` of its own, so that nothing in it is ever committed by accident. */
export async function ensureState(layout: ProjectLayout): Promise<void> {
  const ignore = join(layout.state, ".gitignore");
  try {
    await mkdir(layout.state, { recursive: true });
    if ((await readFile(ignore, "utf8").catch(() => null)) === null) await writeFile(ignore, "*\n");
  } catch (cause) {
    throw fileError(layout.state, "made", cause);
  }
}
