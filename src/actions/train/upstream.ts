import { relative } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import type { Exchanged, FileWriter } from "../../project/exchange.js";
import { writersText } from "../../project/exchange-words.js";
import { keyedPlan, type Prepared, prepare } from "./prepare.js";
import { produce } from "./produce.js";
import type { WantedFile } from "./produced.js";
import { lastMade, sameData } from "./runs.js";
import type { TrainInput } from "./types.js";

/** A notebook that has to be run before another one, and for which of its files. */
interface Step {
  writer: string;
  files: WantedFile[];
}

/**
 * Runs the notebooks that write what this one reads and what is not there, each after those that it needs itself. A file that is there is
 * used as it is, unless it was made by an earlier run of a notebook that has changed since.
 */
export async function runUpstream(
  ctx: Context,
  input: TrainInput,
  prepared: Prepared,
  above: readonly string[] = [],
): Promise<void> {
  const { layout } = prepared;
  const named = (path: string): string => relative(layout.root, path);
  const chain = [...above, input.notebook];
  for (const { writer, files } of await stepsOf(ctx, input, prepared, chain)) {
    if (chain.includes(writer)) {
      throw new UserError(
        "IAPP_TRAIN_CYCLE",
        `notebooks need each other's files: ${[...chain, writer].map(named).join(" needs ")}`,
        {
          remedy: `Put one of the files there, such as ${files[0]!.wanted.path}: it is then used as it is.`,
        },
      );
    }
    const upstream = upstreamOf(input, writer);
    const first = await prepare(ctx, upstream, "upstream");
    await runUpstream(ctx, upstream, first, chain);
    const why = files.map(
      ({ wanted }) => `${wanted.path} ${wanted.exists ? "was made by an earlier state of it" : "is not there"}`,
    );
    ctx.emit({
      code: "train.upstream",
      level: "info",
      text: `${named(writer)} is run first, for ${named(input.notebook)}: ${why.join(", ")}`,
      data: { notebook: writer, files: files.map(({ wanted }) => wanted.file) },
    });
    await produce(ctx, upstream, first, files);
  }
}

/** What has to be run, by notebook. */
async function stepsOf(
  ctx: Context,
  input: TrainInput,
  { exchanged, layout }: Prepared,
  chain: readonly string[],
): Promise<Step[]> {
  const steps = new Map<string, Step>();
  for (const wanted of exchanged) {
    const [by, ...others] = wanted.writers;
    if (by === undefined) continue;
    if (wanted.exists && (others.length > 0 || !(await isStale(ctx, input, wanted, by, chain)))) continue;
    if (others.length > 0) {
      // The run shows whether it can do without.
      if (!wanted.needed) continue;
      throw new UserError(
        "IAPP_TRAIN_WRITERS",
        `${wanted.path} is not there, and several notebooks write it: ${writersText(wanted, layout.root)}`,
        {
          where: `${relative(layout.root, input.notebook)}, cell ${wanted.cell}, line ${wanted.line}`,
          remedy: "Run the one that is meant; a file that is there is used as it is.",
        },
      );
    }
    const step = steps.get(by.notebook) ?? { writer: by.notebook, files: [] };
    step.files.push({ wanted, by });
    steps.set(by.notebook, step);
  }
  return [...steps.values()];
}

/** Whether a file was left by an earlier run of ours, of a notebook, or from files, that have changed since. */
async function isStale(
  ctx: Context,
  input: TrainInput,
  { file }: Exchanged,
  { notebook }: FileWriter,
  chain: readonly string[],
): Promise<boolean> {
  if (chain.includes(notebook)) return false;
  const upstream = upstreamOf(input, notebook);
  const prepared = await prepare(ctx, upstream, "upstream");
  const run = await lastMade(prepared.layout, notebook, file);
  if (run === null) return false;
  const { key } = await keyedPlan(ctx, prepared, upstream);
  if (key !== run.key || !(await sameData(run.data))) return true;
  return (await stepsOf(ctx, upstream, prepared, [...chain, notebook])).length > 0;
}

/** What is given for the served notebook is not given to those before it. */
const upstreamOf = (input: TrainInput, notebook: string): TrainInput => ({
  ...input,
  notebook,
  name: null,
  parameters: [],
  serve: { name: null, cell: null },
});
