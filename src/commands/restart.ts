import type { Host } from "../core/host.js";
import { refuseFlags, TARGET_OPTION, targetOf } from "./cluster-options.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "start the running version anew",
  description:
    "New processes come up beside the old ones and take over when they are ready; no request is lost. Also starts an app that was stopped.",
  arguments: [{ name: "[app]", summary: "name of the app" }],
  options: [{ flags: "--port <port>", summary: "listen on this port from now on" }, TARGET_OPTION],
  examples: ["iapp restart", "iapp restart churn --port 8200"],
  async run(input, host) {
    const target = await targetOf(host, input);
    refuseFlags(input, target);
    if (target !== null) {
      const { restartOnCluster } = await import("../actions/cluster/manage.js");
      return shown(host, await restartOnCluster(host, target, input.args[0]));
    }
    const [{ restart }, { parsePort }] = await Promise.all([
      import("../actions/restart/index.js"),
      import("../actions/apps/port.js"),
    ]);
    const port = parsePort(input.options.port as string | undefined);
    return shown(host, await restart(host, { name: input.args[0], port }));
  },
});

function shown(host: Host, result: { name: string; versions: string[]; ran: boolean; url: string }): number {
  const what = `${result.name} ${result.versions.join(", ")}`;
  const text = `${what} ${result.ran ? "was started anew" : "is running"}: ${result.url}`;
  host.result({ schema: "iapp.restart/1", ...result }, text);
  return 0;
}
