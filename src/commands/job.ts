import type { IappEvent } from "../core/events.js";
import type { Host } from "../core/host.js";
import { defineCommand } from "./command.js";
import { TRAIN_OPTIONS, trainInput, trainText } from "./train.js";

export default defineCommand({
  summary: "train in a container (started by images that iapp has built)",
  arguments: [{ name: "<notebook>", summary: "the notebook, relative to the project" }],
  options: [
    { flags: "--name <name>", summary: "name of the app" },
    { flags: "--publish <repository>", summary: "keep the bundle there, and log events as JSON lines" },
    { flags: "--insecure <registry>", summary: "speak plain HTTP with this registry (repeatable)", collect: true },
    ...TRAIN_OPTIONS,
  ],
  examples: [],
  async run(input, host) {
    const { job, lineOf } = await import("../actions/job/index.js");
    const name = (input.options.name as string | undefined) ?? null;
    const repository = input.options.publish as string | undefined;
    const insecure = (input.options.insecure as string[] | undefined) ?? [];
    const publish = repository === undefined ? null : { repository, insecure };
    const logged = publish === null ? null : logging(host, lineOf);
    const ctx = logged === null ? host : { ...host, emit: logged.emit };
    const result = await job(ctx, input.args[0]!, (path) => trainInput(path, input, name), publish);
    if (logged === null) host.result(result, () => trainText(result, host));
    await logged?.written();
    return { verified: 0, unequal: 1, failed: 1, refused: 2 }[result.status];
  },
});

/** Events as lines of the container's log, in their order. */
export function logging(
  host: Host,
  lineOf: (event: IappEvent, now: number) => string,
): { emit: (event: IappEvent) => void; written: () => Promise<void> } {
  let written: Promise<void> = Promise.resolve();
  return {
    emit: (event) => {
      written = written.then(() => host.write(lineOf(event, host.now())));
    },
    written: () => written,
  };
}
