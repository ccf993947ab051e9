import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "route the requests of one app on a cluster (started by iapp itself)",
  arguments: [{ name: "<app>", summary: "name of the app" }],
  examples: [],
  async run(input, host) {
    const { runClusterRouter } = await import("../actions/cluster/router.js");
    return runClusterRouter(host, input.args[0]!);
  },
});
