import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "drive the rollout of one app (started by iapp itself)",
  arguments: [{ name: "<dir>", summary: "the app's folder" }],
  examples: [],
  async run(input, host) {
    const { driveDetached } = await import("../actions/rollout/index.js");
    await driveDetached(host, input.args[0]!);
    return 0;
  },
});
