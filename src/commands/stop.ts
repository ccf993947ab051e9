import { TARGET_OPTION, targetOf } from "./cluster-options.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "stop serving, keep everything",
  description:
    "Lets requests in flight end, then ends every process of the app. `iapp restart` starts it again on the same port.",
  arguments: [{ name: "[app]", summary: "name of the app" }],
  options: [TARGET_OPTION],
  examples: ["iapp stop", "iapp stop churn", "iapp stop churn --target prod"],
  async run(input, host) {
    const target = await targetOf(host, input);
    const result =
      target === null
        ? await (await import("../actions/stop/index.js")).stop(host, input.args[0])
        : await (await import("../actions/cluster/manage.js")).stopOnCluster(host, target, input.args[0]);
    host.result(
      { schema: "iapp.stop/1", ...result },
      result.changed
        ? `${result.name} is stopped. Start it again with \`iapp restart\`.`
        : `${result.name} does not run.`,
    );
    return 0;
  },
});
