import { mkdir, readdir, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { UserError } from "../core/errors.js";
import { fileError } from "../core/fs.js";
import { attempts, PATIENCE, type Patience } from "./attempts.js";
import type { Connection } from "./connection.js";
import { download } from "./download.js";
import type { Doing } from "./failure.js";
import { filesOf, type ObjectEntry, type Wanted } from "./keys.js";
import { BucketStore } from "./store.js";

export interface Progress {
  done: number;
  of: number;
  bytes: number;
  ofBytes: number;
}

export interface FolderInput {
  connection: Connection;
  bucket: string;
  /** Without slashes at its ends; empty: the whole bucket. */
  prefix: string;
  /** What is in it is replaced. */
  folder: string;
  signal: AbortSignal;
  progress: (progress: Progress) => void;
  /** Told of what is tried again. */
  say: (text: string) => void;
  patience?: Patience;
}

/** So many at once fill a connection of a node, and no store minds. */
const PARALLEL = 4;
const PAGE = 1000;
/** Their names have to fit into memory. */
const MOST_OBJECTS = 500_000;

/**
 * Copies what a bucket holds below a prefix into a folder, each object at its path below the prefix; where the prefix is the key of one
 * object, that one under its own name.
 * @throws UserError where there is nothing or no file can be made of it, OperationError where the store fails or refuses
 */
export async function copyBucket(input: FolderInput): Promise<Progress> {
  const { connection, folder, patience = PATIENCE } = input;
  const store = new BucketStore(connection, patience.silenceMs);
  try {
    const wanted = await wantedFiles(store, input, patience);
    await emptied(folder);
    return await copyAll(store, wanted, input, patience);
  } finally {
    store.close();
  }
}

async function wantedFiles(store: BucketStore, input: FolderInput, patience: Patience): Promise<Wanted[]> {
  const { bucket, prefix } = input;
  const where = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const start = prefix === "" ? "" : `${prefix}/`;
  const files = filesOf(await list(store, input, start, patience), start, where);
  if (files.length > 0) return files;
  if (prefix !== "") {
    // Of all keys that begin so, the shortest is the first.
    const [one] = await list(store, input, prefix, patience, 1);
    if (one?.key === prefix) return filesOf([one], prefix.slice(0, -posix.basename(prefix).length), where);
  }
  const [what, remedy] =
    prefix === ""
      ? [`the bucket ${bucket} is empty`, "Look at the name of the bucket, and at the endpoint."]
      : [
          `there is nothing in the bucket ${bucket} below ${prefix}`,
          "Look at the prefix: it names a folder, or one object by its whole key.",
        ];
  throw new UserError("IAPP_DATA_EMPTY", what, { remedy });
}

/** @param most no more than the first of them */
async function list(
  store: BucketStore,
  { connection, bucket, signal, say }: FolderInput,
  start: string,
  patience: Patience,
  most?: number,
): Promise<ObjectEntry[]> {
  const doing = { what: `s3://${bucket}/${start} cannot be listed`, bucket, connection };
  const found: ObjectEntry[] = [];
  for (let from: string | undefined; ; ) {
    const work = () => store.page(bucket, start, from, most ?? PAGE, signal);
    const { objects, next } = await attempts(work, doing, patience, signal, say);
    found.push(...objects);
    if (next === undefined || (most !== undefined && found.length >= most)) return found;
    if (found.length > MOST_OBJECTS) {
      throw new UserError("IAPP_DATA_MANY", `s3://${bucket}/${start} holds more than ${MOST_OBJECTS} objects`, {
        remedy: "Name a longer prefix, or keep them in fewer, larger files.",
      });
    }
    from = next;
  }
}

/** Another try of the same pod begins anew. The folder itself is a mounted volume, which cannot be removed. */
async function emptied(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
  } catch (cause) {
    throw fileError(folder, "written", cause);
  }
}

/** The first that fails for good ends the others. */
async function copyAll(
  store: BucketStore,
  wanted: readonly Wanted[],
  { connection, bucket, folder, signal, progress, say }: FolderInput,
  patience: Patience,
): Promise<Progress> {
  const ofBytes = wanted.reduce((sum, { size }) => sum + size, 0);
  const state: Progress = { done: 0, of: wanted.length, bytes: 0, ofBytes };
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const left = wanted.values();
  const worker = async (): Promise<void> => {
    for (const one of left) {
      const doing: Doing = { what: `s3://${bucket}/${one.key} cannot be read`, bucket, connection };
      const open = (during: AbortSignal) => store.open(bucket, one.key, during);
      const work = () => download(open, one, folder, patience.silenceMs, either);
      await attempts(work, doing, patience, either, say);
      state.done += 1;
      state.bytes += one.size;
      progress({ ...state });
    }
  };
  progress({ ...state });
  const workers = Array.from({ length: PARALLEL }, async () => {
    try {
      await worker();
    } catch (error) {
      // Only the first one's is kept: the others are ended by it.
      failed.abort(error);
    }
  });
  await Promise.all(workers);
  if (failed.signal.aborted) throw failed.signal.reason;
  return state;
}
