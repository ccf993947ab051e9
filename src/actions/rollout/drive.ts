import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { LocalPlatform } from "../../local/platform.js";
import { LocalRolloutStore } from "../../local/rollout-store.js";
import { readState, updateState, withHistory } from "../../local/state.js";
import { drive } from "../../rollout/driver.js";
import type { RolloutState } from "../../rollout/state.js";
import { type App, handleOf } from "../apps/index.js";
import { readExamples } from "../deploy/candidate.js";
import { askExample } from "../deploy/example.js";

/** Answers of a new version before it gets requests of others: the first ones are slow everywhere. */
const WARM_UP = 30;

/** Drives the app's rollout until it is over, telling what happens. The caller holds the app's lock. Rejects with `Interrupted` when stopped. */
export async function driveRollout(ctx: Context, app: App): Promise<RolloutState> {
  const store = new LocalRolloutStore(app.handle.dir);
  const { to } = await store.load();
  const state = await readState(app.handle.dir);
  const bundle = state?.versions.find(({ name }) => name === to)?.bundle.dir;
  let told = 0;
  let shown = "";
  const ended = await drive({
    platform: new LocalPlatform(handleOf(ctx, app.handle.dir)),
    store,
    now: ctx.now,
    pause: (ms) => sleep(ms, undefined, { signal: ctx.signal }).catch(() => Promise.reject(new Interrupted())),
    preflight: async (endpoint) => {
      if (bundle === undefined) return;
      const examples = await readExamples(bundle);
      for (let i = 0; i < WARM_UP; i++) await askExample(`http://${endpoint}`, examples);
    },
    onState: (now) => {
      for (const { text } of now.history.slice(told)) ctx.emit({ code: "rollout.step", level: "info", text });
      told = now.history.length;
      const waits = now.verdict?.outcome === "inconclusive" ? now.verdict.reason : "";
      if (waits !== "" && waits !== shown) {
        ctx.emit({ code: "rollout.wait", level: "progress", text: waits, data: { progress: { label: waits } } });
      }
      shown = waits;
    },
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
