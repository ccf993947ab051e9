import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "start the running version anew",
  description:
    "New processes come up beside the old ones and take over when they are ready; no request is lost. Also starts an app that was stopped.",
  arguments: [{ name: "[app]", summary: "name of the app" }],
  options: [{ flags: "--port <port>", summary: "listen on this port from now on" }],
  examples: ["iapp restart", "iapp restart churn --port 8200"],
  async run(input, host) {
    const [{ restart }, { parsePort }] = await Promise.all([
      import("../actions/restart/index.js"),
      import("../actions/apps/port.js"),
    ]);
    const port = parsePort(input.options.port as string | undefined);
    const result = await restart(host, { name: input.args[0], port });
    const what = `${result.name} ${result.versions.join(", ")}`;
    const text = `${what} ${result.ran ? "was started anew" : "is running"}: ${result.url}`;
    host.result({ schema: "iapp.restart/1", ...result }, text);
    return 0;
  },
});
