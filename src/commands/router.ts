import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "route the requests of one app (started by iapp itself)",
  arguments: [
    { name: "<dir>", summary: "the app's folder" },
    { name: "<unit>", summary: "the process's name" },
  ],
  examples: [],
  async run(input, host) {
    const { runRouterOf } = await import("../actions/processes/index.js");
    return runRouterOf(host, input.args[0]!, input.args[1]!);
  },
});
