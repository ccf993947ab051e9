import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import type { RecordDocument } from "../../core/contract.js";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { readJson, writeJson } from "../../core/fs.js";
import { createEnvironment } from "../../project/environment/index.js";
import { installedPackages } from "../../project/environment/linked.js";
import { type EnvironmentPlan, merged, type VersionBound } from "../../project/era/index.js";
import { lessonOf } from "./lesson.js";
import { compareOutputs } from "./outputs.js";
import { keyedPlan, type Prepared, planDigest, planWith, settledPlan } from "./prepare.js";
import { judgedBy, type WantedFile, type Wrong, whatIsWrong } from "./produced.js";
import { progressOf } from "./progress.js";
import { beginRun, dataOf, filesNow, writeRun } from "./runs.js";
import { runStep } from "./runtime.js";
import type { TrainInput } from "./types.js";

interface Production {
  input: TrainInput;
  prepared: Prepared;
  files: readonly WantedFile[];
  key: string;
}

/**
 * Runs a notebook for the files that another one reads: they are there then, or an error names the notebook. With other versions of the
 * libraries where its errors ask for them, as in training.
 */
export async function produce(
  ctx: Context,
  input: TrainInput,
  prepared: Prepared,
  files: readonly WantedFile[],
): Promise<void> {
  const settled = await settledPlan(ctx, prepared, input, await keyedPlan(ctx, prepared, input));
  const production = { input, prepared, files, key: settled.key };
  let { plan, learned } = settled;
  for (let n = 1; ; n++) {
    const { wrong, record, dir } = await runOnce(ctx, production, plan, learned);
    if (wrong === null) return;
    const free = prepared.era === null && installedPackages(ctx.env) === null;
    const lesson = free ? lessonOf({ record: judgedBy(record, files) }, prepared.program, prepared.notebook, n) : null;
    learned = merged([...learned, ...(lesson?.bounds ?? [])]);
    const next = lesson === null ? plan : await planWith(ctx, prepared, input, learned);
    if (lesson === null || planDigest(next, input) === planDigest(plan, input)) throw failed(production, wrong, dir);
    ctx.emit({ code: "env.era", level: "warn", text: `${lesson.why}: once more with libraries of another time` });
    plan = next;
  }
}

/** One run of its own in the runs of the project. Files that it was run for are removed unless it made them as the notebook means. */
async function runOnce(
  ctx: Context,
  { input, prepared, files, key }: Production,
  { wish, python }: EnvironmentPlan,
  learned: VersionBound[],
): Promise<{ wrong: Wrong | null; record: RecordDocument; dir: string }> {
  const { layout, program, name } = prepared;
  const { notebook, resolver, cuda } = input;
  const environment = await createEnvironment(ctx, { layout, wish, python: python.interpreter, resolver, cuda });
  const { dir, run } = await beginRun(ctx, layout, { notebook, name, key, parameters: program.parameters, learned });
  const end = (more: Partial<typeof run>): Promise<void> =>
    writeRun(dir, { ...run, ended: new Date(ctx.now()).toISOString(), ...more });
  let made = false;
  try {
    await writeJson(join(dir, "program.json"), program);
    await runStep(ctx, "run", environment.python, dir, progressOf(ctx));
    const record = await readJson<RecordDocument>(join(dir, "record.json"));
    if (record === null) throw new OperationError("IAPP_TRAIN_NO_RECORD", "the run ended without a record");
    const wrong = await whatIsWrong(record, files);
    made = wrong === null;
    if (made) {
      await compareOutputs(ctx, dir, prepared.notebook, record);
      const here = relative(layout.root, notebook);
      for (const { text } of record.warnings)
        ctx.emit({ code: "train.upstream_remark", level: "warn", text: `${here}: ${text}` });
      const wanted = await filesNow(files.map(({ wanted: { file } }) => file));
      await end({ status: "done", data: await dataOf(record), made: wanted });
    } else await end({ status: "failed" });
    return { wrong, record, dir };
  } catch (error) {
    await end({ status: ctx.signal.aborted ? "interrupted" : "failed" }).catch(() => undefined);
    throw error;
  } finally {
    // What is left half done would be used as it is the next time.
    if (!made) for (const { wanted } of files) await rm(wanted.file, { force: true });
  }
}

function failed({ input, prepared }: Production, { reason, where, remedy }: Wrong, dir: string): UserError {
  const notebook = relative(prepared.layout.root, input.notebook);
  return new UserError("IAPP_TRAIN_UPSTREAM", `${notebook}, which is run first, ${reason}`, {
    ...(where === null ? {} : { where }),
    remedy: `${remedy} Its run is in ${dir}.`.trim(),
  });
}
