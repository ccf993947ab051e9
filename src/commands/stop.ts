import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "stop serving, keep everything",
  description:
    "Lets requests in flight end, then ends every process of the app. `iapp restart` starts it again on the same port.",
  arguments: [{ name: "[app]", summary: "name of the app" }],
  examples: ["iapp stop", "iapp stop churn"],
  async run(input, host) {
    const { stop } = await import("../actions/stop/index.js");
    const result = await stop(host, input.args[0]);
    host.result(
      { schema: "iapp.stop/1", ...result },
      result.changed
        ? `${result.name} is stopped. Start it again with \`iapp restart\`.`
        : `${result.name} does not run.`,
    );
    return 0;
  },
});
