import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { RecordDocument } from "../../core/contract.js";
import type { Context } from "../../core/events.js";
import { exists, fileError, readJson, writeJson } from "../../core/fs.js";
import { processStart } from "../../core/process.js";
import type { VersionBound } from "../../project/era/index.js";
import { ensureState, type ProjectLayout } from "../../project/layout.js";
import type { RunDocument } from "./types.js";

/** Sortable by time, and unique among runs of the same second. */
export function newRunId(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-")}-${randomBytes(2).toString("hex")}`;
}

export async function beginRun(
  ctx: Context,
  layout: ProjectLayout,
  begun: Pick<RunDocument, "notebook" | "name" | "key" | "parameters" | "learned">,
): Promise<{ dir: string; run: RunDocument }> {
  const id = newRunId(ctx.now());
  const dir = join(layout.runs, id);
  await ensureState(layout);
  await mkdir(dir, { recursive: true }).catch((cause) => Promise.reject(fileError(dir, "made", cause)));
  const run: RunDocument = {
    schema: "iapp.run/1",
    id,
    ...begun,
    status: "running",
    started: new Date(ctx.now()).toISOString(),
    ended: null,
    process: { pid: process.pid, start: processStart(process.pid) },
    data: [],
    bundle: null,
    scoring: null,
  };
  await writeRun(dir, run);
  return { dir, run };
}

export function writeRun(dir: string, run: RunDocument): Promise<void> {
  return writeJson(join(dir, "run.json"), run);
}

/** The newest verified run with this key whose bundle and environment are there and whose data files have not changed. */
export async function reusableRun(
  layout: ProjectLayout,
  key: string,
): Promise<{ dir: string; run: RunDocument } | null> {
  const ids = (await readdir(layout.runs).catch(() => [])).sort().reverse();
  for (const id of ids) {
    const dir = join(layout.runs, id);
    const run = await readJson<RunDocument>(join(dir, "run.json")).catch(() => null);
    if (run === null || run.key !== key || run.status !== "verified" || run.bundle === null || run.scoring === null)
      continue;
    if (!(await exists(join(run.bundle.dir, "bundle.json"))) || !(await exists(run.scoring.python))) continue;
    if (await sameData(run.data)) return { dir, run };
  }
  return null;
}

/** Versions that earlier runs of the same notebook showed to be needed. */
export async function learnedFrom(layout: ProjectLayout, key: string): Promise<VersionBound[]> {
  const ids = (await readdir(layout.runs).catch(() => [])).sort().reverse();
  for (const id of ids) {
    const run = await readJson<RunDocument>(join(layout.runs, id, "run.json")).catch(() => null);
    if (run?.key === key && run.status === "verified") return run.learned ?? [];
  }
  return [];
}

/** The newest run of a notebook that made this file as it now is; null where no run of ours did, or somebody has changed it since. */
export async function lastMade(layout: ProjectLayout, notebook: string, file: string): Promise<RunDocument | null> {
  const ids = (await readdir(layout.runs).catch(() => [])).sort().reverse();
  for (const id of ids) {
    const run = await readJson<RunDocument>(join(layout.runs, id, "run.json")).catch(() => null);
    const made =
      run?.notebook === notebook && run.status === "done" ? run.made?.find(({ path }) => path === file) : undefined;
    if (run !== null && made !== undefined) return (await sameData([made])) ? run : null;
  }
  return null;
}

/** Size and time decide when both are as they were; else the content does. */
export async function sameData(files: RunDocument["data"]): Promise<boolean> {
  for (const { path, bytes, mtime, sha256 } of files) {
    const now = await stat(path).catch(() => null);
    if (now === null || now.size !== bytes) return false;
    if (now.mtimeMs !== mtime && (await digestOfFile(path)) !== sha256) return false;
  }
  return true;
}

/** Files as they are, with what tells whether they have changed since. */
export async function filesNow(paths: readonly string[]): Promise<RunDocument["data"]> {
  const found: RunDocument["data"] = [];
  for (const path of paths) {
    const { size, mtimeMs } = await stat(path);
    found.push({ path, bytes: size, mtime: mtimeMs, sha256: await digestOfFile(path) });
  }
  return found;
}

/** The data files that a run has read, with what tells whether they have changed since. Files that are gone by now were the run's own. */
export async function dataOf(record: RecordDocument): Promise<RunDocument["data"]> {
  const found: RunDocument["data"] = [];
  for (const { path, sha256 } of [...record.data_files, ...record.modules]) {
    const now = await stat(path).catch(() => null);
    if (now?.isFile() === true) found.push({ path, bytes: now.size, mtime: now.mtimeMs, sha256 });
  }
  return found;
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
