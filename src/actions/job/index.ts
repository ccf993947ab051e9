import { cp } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { fileError } from "../../core/fs.js";
import { type TrainInput, type TrainResult, train } from "../train/index.js";

/**
 * A training job in a container: the project, which is read-only there, is copied into the working folder, and trained as anywhere else.
 * What lies in the working folder already (a mounted volume, an earlier try) stays as it is.
 */
export async function job(ctx: Context, notebook: string, input: (path: string) => TrainInput): Promise<TrainResult> {
  const project = ctx.env.IAPP_PROJECT;
  if (project === undefined) {
    throw new UserError("IAPP_JOB_NO_PROJECT", "this is no container that iapp has built for training", {
      remedy: "Build one: iapp build NOTEBOOK --kind training",
    });
  }
  await cp(project, ctx.cwd, { recursive: true, force: false, errorOnExist: false }).catch((cause: unknown) => {
    throw fileError(ctx.cwd, "written", cause);
  });
  const wanted = input(join(ctx.cwd, notebook));
  // The packages in the image fit this one.
  return train(ctx, { ...wanted, python: wanted.python ?? ctx.env.IAPP_PYTHON ?? null });
}
