import { UserError } from "../core/errors.js";
import { replicaCount, TARGET_OPTION, targetOf } from "./cluster-options.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "run as many pods of an app on a cluster as you say",
  description:
    "Changes how many pods of each version serve, and waits until they do. On this machine an app has one process a version.",
  arguments: [
    { name: "<app>", summary: "name of the app" },
    { name: "<replicas>", summary: "how many pods" },
  ],
  options: [TARGET_OPTION],
  examples: ["iapp scale churn 5 --target prod"],
  async run(input, host) {
    const target = await targetOf(host, input);
    if (target === null) {
      throw new UserError("IAPP_SCALE_LOCAL", "on this machine an app has one process a version", {
        remedy: "Name a cluster with --target.",
      });
    }
    const { scaleOnCluster } = await import("../actions/cluster/manage.js");
    const result = await scaleOnCluster(host, target, input.args[0], replicaCount(input.args[1])!);
    host.result({ schema: "iapp.scale/1", ...result }, `${result.name}: ${result.from} -> ${result.to} pods`);
    return 0;
  },
});
