import { mkdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar";

/** Unpacks a compressed layer of plain files into a folder. Links, devices and paths that lead out of it are not made. */
export async function unpackLayer(layer: Readable, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const filter = (_path: string, entry: unknown): boolean =>
    ["File", "OldFile", "Directory"].includes((entry as { type: string }).type);
  await pipeline(layer, extract({ cwd: folder, strict: true, preservePaths: false, noMtime: true, filter }));
}
