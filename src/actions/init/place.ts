import { constants } from "node:fs";
import { copyFile, link, lstat, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { IappError, Interrupted, UserError } from "../../core/errors.js";
import { fileError } from "../../core/fs.js";

export interface NewFile {
  /** Relative to the folder, with `/`. */
  path: string;
  data: string | Buffer;
  /** `create` never touches what is there, also when it appeared a moment ago. */
  action: "create" | "overwrite";
}

/**
 * Puts files into a folder, all or none: they are written beside it first; what was put in place is taken back when one fails.
 * A folder that does not exist appears at once with everything in it.
 */
export async function placeFiles(folder: string, files: readonly NewFile[], signal: AbortSignal): Promise<void> {
  const isNew = !(await stat(folder).catch(() => null));
  const made = isNew ? await makeFolders(dirname(folder)) : null;
  let staging: string | null = null;
  try {
    staging = await mkdtemp(join(isNew ? dirname(folder) : folder, ".iapp-init-"));
    const staged = join(staging, basename(folder));
    await mkdir(staged);
    for (const file of files) {
      if (signal.aborted) throw new Interrupted();
      await mkdir(dirname(join(staged, file.path)), { recursive: true });
      await writeFile(join(staged, file.path), file.data);
    }
    if (isNew) await rename(staged, folder);
    else await moveIn(staging, staged, folder, files, signal);
  } catch (cause) {
    if (made !== null) await rm(made, { recursive: true, force: true });
    throw cause instanceof IappError ? cause : fileError(folder, "written", cause);
  } finally {
    if (staging !== null) await rm(staging, { recursive: true, force: true });
  }
}

async function moveIn(
  staging: string,
  staged: string,
  folder: string,
  files: readonly NewFile[],
  signal: AbortSignal,
): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const [i, file] of files.entries()) {
      if (signal.aborted) throw new Interrupted();
      const [from, to] = [join(staged, file.path), join(folder, file.path)];
      const made = await makeFolders(dirname(to));
      if (made !== null) undo.push(() => rm(made, { recursive: true, force: true }));
      if (file.action === "create") {
        await putNew(from, to, file.path);
        undo.push(() => rm(to, { force: true }));
      } else {
        const before = join(staging, `before-${i}`);
        await rename(to, before);
        undo.push(() => rename(before, to));
        await rename(from, to);
      }
    }
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

/** A second name for a complete file; where the file system knows no such thing, a copy that fails when something is there. */
async function putNew(from: string, to: string, path: string): Promise<void> {
  try {
    await link(from, to).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") throw error;
      await copyFile(from, to, constants.COPYFILE_EXCL);
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new UserError("IAPP_INIT_CONFLICT", `${path} has appeared meanwhile`, { remedy: "Try again.", cause });
  }
}

/** Makes a folder and those above it; resolves with the highest one that it made, or null. */
async function makeFolders(folder: string): Promise<string | null> {
  try {
    return (await mkdir(folder, { recursive: true })) ?? null;
  } catch (cause) {
    throw fileError(folder, "made", cause);
  }
}

export type Present = "absent" | "same" | "different" | "folder";

/** What is at the place where a file is to go. */
export async function presentAt(path: string, data: string | Buffer): Promise<Present> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw fileError(path, "read", error);
  });
  if (found === null) return "absent";
  if (found.isDirectory()) return "folder";
  if (!found.isFile()) return "different";
  const now = await readFile(path).catch((cause: unknown) => {
    throw fileError(path, "read", cause);
  });
  return now.equals(typeof data === "string" ? Buffer.from(data) : data) ? "same" : "different";
}
