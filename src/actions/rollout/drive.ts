import type { Context } from "../../core/events.js";
import type { Lock } from "../../core/lock.js";
import { LocalPlatform } from "../../local/platform.js";
import { LocalRolloutStore } from "../../local/rollout-store.js";
import { readState, updateState, withHistory } from "../../local/state.js";
import { drive } from "../../rollout/driver.js";
import type { RolloutState } from "../../rollout/state.js";
import { type App, handleOf } from "../apps/index.js";
import { surroundings, warmUp } from "./telling.js";

/** Drives the app's rollout until it is over, telling what happens. The caller holds the app's lock. Rejects with `Interrupted` when stopped. */
export async function driveRollout(ctx: Context, app: App, lock: Lock): Promise<RolloutState> {
  const store = new LocalRolloutStore(app.handle.dir);
  const { to } = await store.load();
  const state = await readState(app.handle.dir);
  const bundle = state?.versions.find(({ name }) => name === to)?.bundle.dir;
  const ended = await drive({
    platform: new LocalPlatform(handleOf(ctx, app.handle.dir), () => lock.held()),
    store,
    preflight: async (endpoint) => {
      if (bundle !== undefined) await warmUp(endpoint, bundle);
    },
    ...surroundings(ctx),
  });
  await note(ctx, app, ended);
  return ended;
}

/** The app's own history tells of it, too: `iapp status` and rollbacks read that. */
async function note(ctx: Context, app: App, { phase, to, verdict }: RolloutState): Promise<void> {
  const at = new Date(ctx.now()).toISOString();
  const promoted = phase === "promoted";
  const text = promoted ? `${to} gets all requests` : `${to} was rolled back: ${verdict?.reason ?? ""}`;
  await updateState(app.handle.dir, (state) => {
    if (state === null || state.history.at(-1)?.text === text) return null;
    return withHistory(state, { at, what: promoted ? "deployed" : "failed", version: to, text });
  });
}
