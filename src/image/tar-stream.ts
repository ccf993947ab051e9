import { createReadStream } from "node:fs";
import { Header, Pax } from "tar";
import { OperationError } from "../core/errors.js";

/** One file, folder or link of a layer. Owner is root unless said otherwise, time always the same, mode only executable or not. */
export interface TarEntry {
  /** Path in the image without leading slash, parts separated by `/`. */
  path: string;
  type: "file" | "folder" | "link";
  executable?: boolean;
  /** Numeric owner and group; 0 where it is left out. */
  owner?: number;
  /** Of a link: what it points to, as written. */
  target?: string;
  /** Of a file: its bytes, or where they lie with their size in bytes. */
  content?: Uint8Array | { file: string; size: number };
}

/** All entries carry this time. Some tools refuse times before 1980, where the zip format begins. */
export const FIXED_TIME = new Date("1980-01-02T00:00:00Z");

const BLOCK = 512;

/** Sorted by the bytes of their paths, parents before children, each path once; missing parent folders are added. */
export function normaliseEntries(entries: readonly TarEntry[]): TarEntry[] {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    const path = entry.path.replace(/^\/+|\/+$/g, "");
    if (path === "" || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
      throw new OperationError("IAPP_IMAGE_PATH", `${JSON.stringify(entry.path)} cannot be a path in an image`);
    }
    const parts = path.split("/");
    for (let i = 1; i < parts.length; i++) {
      const parent = parts.slice(0, i).join("/");
      if (!byPath.has(parent)) byPath.set(parent, { path: parent, type: "folder" });
    }
    byPath.set(path, { ...entry, path });
  }
  return [...byPath.values()].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/**
 * The entries as an uncompressed tar (POSIX.1-2001 pax where a field does not fit ustar). Constant memory: files are streamed.
 * @throws OperationError when a file changes its size while it is read.
 */
export async function* tarStream(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  for (const entry of normaliseEntries(entries)) {
    const size = sizeOf(entry);
    yield* headerOf(entry, size);
    if (entry.content === undefined || size === 0) continue;
    if (entry.content instanceof Uint8Array) yield Buffer.from(entry.content);
    else yield* fileBytes(entry.content.file, size);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (padding > 0) yield Buffer.alloc(padding);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function sizeOf({ type, content }: TarEntry): number {
  if (type !== "file" || content === undefined) return 0;
  return content instanceof Uint8Array ? content.length : content.size;
}

function* headerOf(entry: TarEntry, size: number): Generator<Buffer> {
  const fields = {
    path: entry.type === "folder" ? `${entry.path}/` : entry.path,
    mode: entry.type === "file" && entry.executable !== true ? 0o644 : 0o755,
    uid: entry.owner ?? 0,
    gid: entry.owner ?? 0,
    size,
    mtime: FIXED_TIME,
    type:
      entry.type === "file"
        ? ("File" as const)
        : entry.type === "folder"
          ? ("Directory" as const)
          : ("SymbolicLink" as const),
    ...(entry.target === undefined ? {} : { linkpath: entry.target }),
  };
  const header = new Header(fields);
  const block = Buffer.alloc(BLOCK);
  // encode() tells whether a field had to be cut.
  if (header.encode(block, 0)) {
    const long: Record<string, unknown> = {
      mode: 0o644,
      uid: fields.uid,
      gid: fields.gid,
      mtime: FIXED_TIME,
      path: fields.path,
    };
    if (entry.target !== undefined) long.linkpath = entry.target;
    if (size > 0o77777777777) long.size = size;
    yield new Pax(long).encode();
  }
  yield block;
}

async function* fileBytes(file: string, size: number): AsyncGenerator<Buffer> {
  let seen = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    seen += chunk.length;
    if (seen > size) break;
    yield chunk;
  }
  if (seen !== size)
    throw new OperationError("IAPP_IMAGE_FILE_CHANGED", `${file} changed while it was put into a layer`, {
      remedy: "Build again.",
    });
}
