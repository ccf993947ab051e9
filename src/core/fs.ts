import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OperationError } from "./errors.js";

/**
 * Writes a whole file so that a reader sees the old or the new content, never a part, also after a power cut:
 * temporary file in the same folder, fsync, rename, fsync of the folder.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "w", mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw fileError(path, "written", cause);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  if (handle === null) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

export async function writeJson(path: string, document: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(document, null, 2)}\n`);
}

/** The parsed file, or null where there is none. A damaged file is an error that names it. */
export async function readJson<T>(path: string): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw fileError(path, "read", cause);
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new OperationError("IAPP_FILE_DAMAGED", `${path} is not valid JSON`, {
      cause,
      remedy: "Remove it and try again.",
    });
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const WORDS: Record<string, string> = {
  ENOSPC: "no space is left on the device",
  EACCES: "permission is denied",
  EROFS: "the file system is read-only",
  EPERM: "the operation is not permitted",
  ENOTDIR: "a part of the path is not a folder",
  EDQUOT: "the disk quota is used up",
};

const REMEDIES: Record<string, string> = {
  ENOSPC: "Free some space and try again.",
  EDQUOT: "Free some space and try again.",
  EACCES: "Work in a folder that you may write to, or mend its rights.",
  EPERM: "Work in a folder that you may write to, or mend its rights.",
  EROFS: "Work in a folder that can be written to: copy the project there.",
};

/** A file system failure in words: what could not be done to which path, why, and what to do. */
export function fileError(path: string, verb: string, cause: unknown): OperationError {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const remedy = REMEDIES[code];
  return new OperationError(
    `IAPP_FILE_${code === "" ? "FAILED" : code}`,
    `${path} cannot be ${verb}: ${WORDS[code] ?? String((cause as Error).message)}`,
    { cause, ...(remedy === undefined ? {} : { remedy }) },
  );
}
