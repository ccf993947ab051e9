import { OperationError } from "../core/errors.js";
import { defineCommand } from "./command.js";
import { logging } from "./job.js";

export default defineCommand({
  summary: "copy data from buckets to where a training job reads them (started by iapp itself)",
  arguments: [{ name: "<source=path...>", summary: "s3://BUCKET[/PREFIX]=PATH" }],
  options: [{ flags: "--secret <name>", summary: "the Secret that holds the credentials, for messages" }],
  examples: [],
  async run(input, host) {
    const [{ fetchData }, { lineOf }, { TRY_AGAIN }] = await Promise.all([
      import("../actions/cluster/fetch-data.js"),
      import("../actions/job/index.js"),
      import("../actions/cluster/detach.js"),
    ]);
    const { emit, written } = logging(host, lineOf);
    try {
      await fetchData({ ...host, emit }, input.rest, (input.options.secret as string | undefined) ?? "");
      return 0;
    } catch (error) {
      if (!(error instanceof OperationError && error.retryable)) throw error;
      host.emit({ code: error.code, level: "error", text: error.message });
      return TRY_AGAIN;
    } finally {
      await written();
    }
  },
});
