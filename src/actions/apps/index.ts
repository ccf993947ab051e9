import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { nearest } from "../../core/near.js";
import { ownCommand } from "../../core/package-root.js";
import { type AppHandle, ensureSupervisor, isSupervised, livingProcesses } from "../../local/control.js";
import { type AppState, readState } from "../../local/state.js";
import { findProject, type ProjectLayout } from "../../project/layout.js";

export interface App {
  name: string;
  layout: ProjectLayout;
  handle: AppHandle;
  state: AppState;
}

export function handleOf(ctx: Context, dir: string): AppHandle {
  return { dir, own: ownCommand(ctx.env), env: ctx.env, signal: ctx.signal };
}

/** All apps of the project that the current folder belongs to, by name. */
export async function listApps(ctx: Context): Promise<App[]> {
  const layout = await findProject(ctx.cwd);
  const entries = await readdir(layout.apps, { withFileTypes: true }).catch(() => []);
  const apps: App[] = [];
  for (const entry of entries.filter((e) => e.isDirectory()).sort((a, b) => a.name.localeCompare(b.name))) {
    const dir = join(layout.apps, entry.name);
    const state = await readState(dir);
    if (state !== null) apps.push({ name: entry.name, layout, handle: handleOf(ctx, dir), state });
  }
  return apps;
}

/** The named app, or the only one there is. Says what there is when that does not name one. */
export async function resolveApp(ctx: Context, name: string | undefined): Promise<App> {
  const apps = await listApps(ctx);
  const names = apps.map((app) => app.name);
  if (name === undefined) {
    if (apps.length === 1) return apps[0]!;
    if (apps.length === 0) throw noApps(ctx);
    throw new UserError("IAPP_APP_AMBIGUOUS", `there are several apps here: ${names.join(", ")}`, {
      remedy: "Name the one that you mean.",
      data: { apps: names },
    });
  }
  const found = apps.find((app) => app.name === name);
  if (found !== undefined) return found;
  if (apps.length === 0) throw noApps(ctx, name);
  const near = nearest(name, names);
  throw new UserError("IAPP_APP_UNKNOWN", `there is no app ${name} here`, {
    remedy: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `There is: ${names.join(", ")}.`,
    data: { apps: names },
  });
}

function noApps(ctx: Context, name?: string): UserError {
  return new UserError("IAPP_APP_NONE", `${name === undefined ? "nothing" : name} is not deployed here (${ctx.cwd})`, {
    remedy: "Deploy a notebook with `iapp deploy NOTEBOOK`, or change to the folder of your project.",
  });
}

/**
 * When the supervisor was killed and its processes still run, starts a new one that takes them over. When nothing runs any more
 * (the machine was restarted), nothing is started: that is for a person to say.
 */
export function adopt(ctx: Context, app: App): void {
  const { state } = app;
  if (!state.desired.running || isSupervised(state) || livingProcesses(state).length === 0) return;
  ctx.emit({
    code: "local.adopt",
    level: "warn",
    text: `the supervisor of ${app.name} was gone; a new one takes over what runs`,
    data: { app: app.name },
  });
  ensureSupervisor(app.handle, state);
}

export const urlOf = (state: AppState): string => `http://${state.port.host}:${state.port.number}`;
