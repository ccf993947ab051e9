import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "run one program and write its log (started by iapp itself)",
  arguments: [{ name: "<file>", summary: "what to run" }],
  examples: [],
  async run(input) {
    const { runKeeper } = await import("../actions/processes/index.js");
    return runKeeper(input.args[0]!);
  },
});
