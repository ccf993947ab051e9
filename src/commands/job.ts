import { defineCommand } from "./command.js";
import { TRAIN_OPTIONS, trainInput, trainText } from "./train.js";

export default defineCommand({
  summary: "train in a container (started by images that iapp has built)",
  arguments: [{ name: "<notebook>", summary: "the notebook, relative to the project" }],
  options: [{ flags: "--name <name>", summary: "name of the app" }, ...TRAIN_OPTIONS],
  examples: [],
  async run(input, host) {
    const { job } = await import("../actions/job/index.js");
    const name = (input.options.name as string | undefined) ?? null;
    const result = await job(host, input.args[0]!, (path) => trainInput(path, input, name));
    host.result(result, () => trainText(result, host));
    return { verified: 0, unequal: 1, failed: 1, refused: 2 }[result.status];
  },
});
