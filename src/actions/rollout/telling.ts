import type { Context } from "../../core/events.js";
import { pause } from "../../core/pause.js";
import type { DriverOptions } from "../../rollout/driver.js";
import { readExamples } from "../deploy/candidate.js";
import { askExample } from "../deploy/example.js";

/** Answers of a new version before it gets requests of others: the first ones are slow everywhere. */
const WARM_UP = 30;

/** What a driver needs of its surroundings, wherever the app runs: a clock, and somebody to tell what happens. */
export function surroundings(ctx: Context): Pick<DriverOptions, "now" | "pause" | "onState"> {
  let told = 0;
  let shown = "";
  return {
    now: ctx.now,
    pause: (ms) => pause(ms, ctx.signal),
    onState: (state) => {
      for (const { text } of state.history.slice(told)) ctx.emit({ code: "rollout.step", level: "info", text });
      told = state.history.length;
      const waits = state.verdict?.outcome === "inconclusive" ? state.verdict.reason : "";
      if (waits !== "" && waits !== shown) {
        ctx.emit({ code: "rollout.wait", level: "progress", text: waits, data: { progress: { label: waits } } });
      }
      shown = waits;
    },
  };
}

/** Asks a new version the example rows of its bundle until it is warm. Rejects when an answer is not the notebook's. */
export async function warmUp(endpoint: string, bundle: string): Promise<void> {
  const examples = await readExamples(bundle);
  for (let i = 0; i < WARM_UP; i++) await askExample(`http://${endpoint}`, examples);
}
