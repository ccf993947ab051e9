import { cp } from "node:fs/promises";
import { join, relative } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { fileError } from "../../core/fs.js";
import { type BundlePlace, publishBundle } from "../cluster/bundles.js";
import { notProved } from "../deploy/candidate.js";
import { type TrainInput, type TrainResult, train } from "../train/index.js";
import { writeReport } from "./report.js";

export { lineOf } from "./lines.js";

/**
 * A training job in a container: the project, which is read-only there, is copied into the working folder, and trained as anywhere else.
 * What lies in the working folder already (a mounted volume, an earlier try) stays as it is. Where the job was told to, it keeps the bundle
 * in a registry and leaves a report for whoever started it.
 */
export async function job(
  ctx: Context,
  notebook: string,
  input: (path: string) => TrainInput,
  publish: BundlePlace | null = null,
): Promise<TrainResult> {
  const report = ctx.env.IAPP_REPORT;
  try {
    const result = await trained(ctx, notebook, input);
    if (publish !== null) {
      if (result.status !== "verified" || result.bundle === null) throw notProved(result);
      ctx.emit({ code: "job.publish", level: "progress", text: `keeping the bundle in ${publish.repository}` });
      await publishBundle(ctx, result.bundle.dir, result.bundle.digest, publish);
    }
    await writeReport(report, result.bundle?.digest ?? null, null);
    return result;
  } catch (error) {
    await writeReport(report, null, error).catch(() => undefined);
    throw error;
  }
}

async function trained(ctx: Context, notebook: string, input: (path: string) => TrainInput): Promise<TrainResult> {
  const project = ctx.env.IAPP_PROJECT;
  if (project === undefined) {
    throw new UserError("IAPP_JOB_NO_PROJECT", "this is no container that iapp has built for training", {
      remedy: "Build one: iapp build NOTEBOOK --kind training",
    });
  }
  const mounted = (ctx.env.IAPP_MOUNTED ?? "").split(":").filter((path) => path !== "");
  const filter = (from: string): boolean => !mounted.includes(relative(project, from));
  await cp(project, ctx.cwd, { recursive: true, force: false, errorOnExist: false, filter }).catch((cause: unknown) => {
    throw fileError(ctx.cwd, "written", cause);
  });
  const wanted = input(join(ctx.cwd, notebook));
  // The packages in the image fit this one.
  return train(ctx, { ...wanted, python: wanted.python ?? ctx.env.IAPP_PYTHON ?? null });
}
