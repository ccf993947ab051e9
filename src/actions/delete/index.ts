import { readdir, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Context } from "../../core/events.js";
import { exists, fileError } from "../../core/fs.js";
import { acquireLock } from "../../core/lock.js";
import { appPaths } from "../../local/paths.js";
import { type AppState, readState } from "../../local/state.js";
import { type App, listApps, resolveApp } from "../apps/index.js";
import { stopApp } from "../stop/index.js";

export interface Removal {
  path: string;
  what: "state and logs" | "bundle" | "training run";
  bytes: number;
}

export interface DeletePlan {
  app: App;
  removals: Removal[];
  /** What stays, and why. */
  kept: { path: string; why: string }[];
}

/** What deleting an app would remove: its folder, and the bundles and runs that no other app of the project uses. */
export async function planDelete(ctx: Context, name: string | undefined, keepBundles: boolean): Promise<DeletePlan> {
  const app = await resolveApp(ctx, name);
  const others = (await listApps(ctx)).filter((other) => other.name !== app.name).map(({ state }) => state);
  const used = new Set(others.flatMap(foldersOf));
  const own = foldersOf(app.state).filter((path) => isInside(app.layout.state, path));
  const removals: Removal[] = [{ path: app.handle.dir, what: "state and logs", bytes: await sizeOf(app.handle.dir) }];
  const kept: DeletePlan["kept"] = [];
  for (const path of [...new Set(own)]) {
    if (!(await exists(path))) continue;
    if (used.has(path)) kept.push({ path, why: "another app uses it" });
    else if (keepBundles) kept.push({ path, why: "--keep-bundles" });
    else {
      const what = isInside(app.layout.bundles, path) ? "bundle" : "training run";
      removals.push({ path, what, bytes: await sizeOf(path) });
    }
  }
  if (await exists(app.layout.envs)) kept.push({ path: app.layout.envs, why: "environments are shared" });
  return { app, removals, kept };
}

/** Ends every process of the app, then removes what the plan lists and nothing else. */
export async function applyDelete(ctx: Context, plan: DeletePlan): Promise<void> {
  const { app, removals } = plan;
  const lock = await acquireLock(appPaths(app.handle.dir).operationLock, {
    command: `iapp delete ${app.name}`,
    signal: ctx.signal,
  });
  try {
    if ((await readState(app.handle.dir)) !== null) await stopApp(ctx, app);
    for (const { path } of [...removals].reverse()) {
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch((cause) => {
        throw fileError(path, "removed", cause);
      });
    }
  } finally {
    // Gone with its folder, unless something failed before.
    await lock.release();
  }
}

const foldersOf = (state: AppState): string[] =>
  state.versions.flatMap(({ bundle, run }) => (run === null ? [bundle.dir] : [bundle.dir, run]));

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`);
}

async function sizeOf(path: string): Promise<number> {
  const info = await stat(path).catch(() => null);
  if (info === null) return 0;
  if (!info.isDirectory()) return info.size;
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.filter((entry) => !entry.isSymbolicLink()).map((entry) => sizeOf(join(path, entry.name))),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
