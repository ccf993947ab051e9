import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Interrupted } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { fileError, writeFileAtomic } from "../../core/fs.js";
import type { InitPlan } from "./plan.js";

/**
 * Writes the planned files. A folder that is not there yet appears whole or not at all; in one that is there each file is replaced at
 * once, and what a failed run had added is taken away again.
 */
export async function writePlan(ctx: Context, plan: InitPlan): Promise<void> {
  if (await isEmpty(plan.folder)) await writeFolder(ctx, plan);
  else await writeInto(ctx, plan);
}

async function writeFolder(ctx: Context, { folder, files }: InitPlan): Promise<void> {
  const beside = join(dirname(folder), `.${basename(folder)}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    for (const { path, data } of files) {
      if (ctx.signal.aborted) throw new Interrupted();
      await mkdir(dirname(join(beside, path)), { recursive: true });
      await writeFile(join(beside, path), data);
    }
    // An empty folder is in the way of a rename on some systems.
    await rmdir(folder).catch(() => undefined);
    await rename(beside, folder);
  } catch (cause) {
    await rm(beside, { recursive: true, force: true });
    throw cause instanceof Interrupted ? cause : fileError(folder, "made", cause);
  }
}

async function writeInto(ctx: Context, { folder, files, conflicts }: InitPlan): Promise<void> {
  const added: string[] = [];
  try {
    for (const { path, data } of files) {
      if (ctx.signal.aborted) throw new Interrupted();
      if (!conflicts.includes(path)) added.push(join(folder, path));
      await writeFileAtomic(join(folder, path), data);
    }
  } catch (cause) {
    for (const path of added) await rm(path, { force: true });
    throw cause;
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  const there = await stat(folder).then(
    () => true,
    () => false,
  );
  return !there || (await readdir(folder).catch(() => ["?"])).length === 0;
}
