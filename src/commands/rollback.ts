import { TARGET_OPTION, targetOf } from "./cluster-options.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "give all requests back to an earlier version",
  description:
    "Goes back to the version that served before the present one, or to the one that is named. While a rollout is under way this ends it: the old version has never stopped. Data that was written meanwhile is not undone.",
  arguments: [{ name: "[app]", summary: "name of the app (default: the only one)" }],
  options: [{ flags: "--to <version>", summary: "this version: v3" }, TARGET_OPTION],
  examples: ["iapp rollback", "iapp rollback churn --to v3"],
  async run(input, host) {
    const to = (input.options.to as string | undefined) ?? null;
    const target = await targetOf(host, input);
    const result =
      target === null
        ? await (await import("../actions/rollout/index.js")).rollback(host, input.args[0], to)
        : await (await import("../actions/cluster/rollback.js")).clusterRollback(host, target, input.args[0], to);
    host.result(
      result,
      `${result.app}: all requests go to ${result.to}${result.from === null ? "" : `, ${result.from} has ended`} (${result.seconds.toFixed(1)} s)`,
    );
    return 0;
  },
});
