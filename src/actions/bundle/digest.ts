import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { BundleFile } from "../../core/contract.js";
import { fileError } from "../../core/fs.js";

/** Files that explain a bundle without changing any answer: they may differ between two runs that made the same thing. */
export const EXPLAINS = new Set(["report", "lineage", "verification", "map"]);

/**
 * The digest of a bundle: over its name and the sorted list of files that decide what is served. No times, no paths of
 * this machine: the same content has the same digest everywhere.
 */
export function bundleDigest(name: string, files: readonly BundleFile[]): string {
  const hash = createHash("sha256").update(`iapp.bundle/1 ${name}\n`);
  const decisive = files.filter((file) => !EXPLAINS.has(file.role));
  for (const file of [...decisive].sort((a, b) => (a.path < b.path ? -1 : 1)))
    hash.update(`${file.sha256}  ${file.path}\n`);
  return hash.digest("hex");
}

/** Hex SHA-256 and length of a file, read as a stream. */
export async function digestFile(path: string): Promise<{ sha256: string; bytes: number }> {
  try {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
    return { sha256: hash.digest("hex"), bytes: (await stat(path)).size };
  } catch (cause) {
    throw fileError(path, "read", cause);
  }
}
