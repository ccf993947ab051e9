import { defineCommand } from "./command.js";
import { runLogged } from "./driver-log.js";

export default defineCommand({
  summary: "drive the rollout of one app on a cluster (started by iapp itself)",
  arguments: [{ name: "<app>", summary: "name of the app" }],
  examples: [],
  run: (input, host) =>
    runLogged(host, async (ctx) => {
      const { driveInside } = await import("../actions/cluster/driver.js");
      await driveInside(ctx, input.args[0]!);
      return 0;
    }),
});
