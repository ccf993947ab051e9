import type { Context } from "../../core/events.js";
import { ownCommand } from "../../core/package-root.js";
import { backgroundEnv, launchRollout } from "../../local/launch.js";
import { appPaths } from "../../local/paths.js";
import type { App } from "../apps/index.js";

/** Starts a process of its own that drives the app's rollout on. It belongs to no terminal. */
export function launchDriver(ctx: Context, app: App): void {
  launchRollout(appPaths(app.handle.dir), ownCommand(ctx.env), backgroundEnv(ctx.env));
}
