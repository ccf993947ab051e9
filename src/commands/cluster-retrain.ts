import { defineCommand } from "./command.js";
import { runLogged } from "./driver-log.js";

export default defineCommand({
  summary: "train one app on a cluster anew and roll out the result (started by iapp itself)",
  arguments: [{ name: "<app>", summary: "name of the app" }],
  examples: [],
  run: (input, host) =>
    runLogged(host, async (ctx) => {
      const { RUN_CODES, retrainInside } = await import("../actions/cluster/retrain.js");
      return RUN_CODES[(await retrainInside(ctx, input.args[0]!)).outcome];
    }),
});
