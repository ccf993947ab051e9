import type { ExecInput } from "../actions/exec/index.js";
import { TARGET_OPTION, targetOf } from "./cluster-options.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "run a command where a version runs: in its pod, or in its environment here",
  description:
    "The command comes after two hyphens. On a cluster it runs in a pod of the service, with what is piped in as its input, and without a terminal; on this machine with the version's own Python and packages. Its exit code is passed on.",
  arguments: [{ name: "<words...>", summary: "name of the app (default: the only one), --, and the command" }],
  options: [
    {
      flags: "-c, --component <name>",
      summary: "cluster: which pods",
      choices: ["scoring", "router"],
      default: "scoring",
    },
    { flags: "--version <version>", summary: "which version (default: the one with all requests)" },
    TARGET_OPTION,
  ],
  examples: [
    "iapp exec churn -- python3 -c 'import sklearn; print(sklearn.__version__)'",
    "iapp exec churn --target prod -- cat /opt/iapp/bundle/contract.json",
    "echo 'print(6 * 7)' | iapp exec --target prod -- python3",
  ],
  async run({ rest, options, ...more }, host) {
    const input: ExecInput = {
      words: rest,
      version: options.version as string | undefined,
      component: options.component === "router" ? "router" : "scoring",
    };
    const target = await targetOf(host, { rest, options, ...more });
    if (target === null) return (await import("../actions/exec/index.js")).execHere(host, input);
    return (await import("../actions/cluster/exec.js")).execThere(host, target, input);
  },
});
