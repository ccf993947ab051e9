import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "keep the processes of one app running (started by iapp itself)",
  arguments: [{ name: "<dir>", summary: "the app's folder" }],
  examples: [],
  async run(input, host) {
    const { runSupervisor } = await import("../actions/processes/index.js");
    return runSupervisor(host, input.args[0]!);
  },
});
