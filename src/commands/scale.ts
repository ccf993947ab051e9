import { UserError } from "../core/errors.js";
import { replicaCount, TARGET_OPTION, targetOf } from "./cluster-options.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "run as many pods of an app on a cluster as you say",
  description:
    "Changes how many pods of each version serve, and waits until they do. On this machine an app has one process a version.",
  arguments: [
    { name: "<app>", summary: "name of the app" },
    { name: "<replicas>", summary: "how many pods: 5; or by load: 2..10" },
  ],
  options: [
    {
      flags: "--cpu-target <percent>",
      summary: "by load: of their processor share at which there are more (default: 70)",
    },
    { flags: "--fixed", summary: "this number, although they are counted by load so far" },
    TARGET_OPTION,
  ],
  examples: [
    "iapp scale churn 5 --target prod",
    "iapp scale churn 2..10 --cpu-target 60",
    "iapp scale churn 5 --fixed",
  ],
  async run(input, host) {
    const target = await targetOf(host, input);
    if (target === null) {
      throw new UserError("IAPP_SCALE_LOCAL", "on this machine an app has one process a version", {
        remedy: "Name a cluster with --target.",
      });
    }
    const [{ scaleOnCluster }, { parseAutoscale }] = await Promise.all([
      import("../actions/cluster/manage.js"),
      import("../actions/cluster/settings.js"),
    ]);
    const wanted = input.args[1]!;
    const byLoad = wanted.includes("..");
    if (!byLoad && input.options.cpuTarget !== undefined) {
      throw new UserError("IAPP_CLI_AUTOSCALE", "--cpu-target goes with a range of pods", { remedy: "Write 2..10." });
    }
    const result = await scaleOnCluster(host, target, input.args[0], {
      replicas: byLoad ? null : replicaCount(wanted)!,
      autoscale: byLoad ? parseAutoscale(wanted, input.options.cpuTarget as string | undefined) : null,
      fixed: input.options.fixed === true,
    });
    const text = (count: typeof result.from): string =>
      typeof count === "number" ? `${count}` : `${count.min} to ${count.max}`;
    host.result(
      { schema: "iapp.scale/1", ...result },
      `${result.name}: ${text(result.from)} -> ${text(result.to)} pods`,
    );
    return 0;
  },
});
