import { createGunzip } from "node:zlib";
import { Parser } from "tar";
import { OperationError } from "../core/errors.js";
import type { Layer } from "./layer.js";
import { MediaType } from "./media.js";

/** What a layer holds, summed by the folders nearest to its root that tell things apart. */
export interface Contents {
  files: number;
  /** Uncompressed, in bytes. */
  bytes: number;
  /** Largest first. */
  parts: { path: string; files: number; bytes: number }[];
}

/** Reads through a layer. `depth` is how many parts of a path name a group (`opt/iapp/lib/pandas`: 4). */
export async function layerContents(layer: Layer, depth: number): Promise<Contents> {
  const { mediaType } = layer.descriptor;
  if (mediaType === MediaType.layerZstd) {
    throw new OperationError(
      "IAPP_IMAGE_ZSTD",
      `the layer ${layer.note} is packed with zstd and cannot be looked into here`,
    );
  }
  const parts = new Map<string, { files: number; bytes: number }>();
  let files = 0;
  let bytes = 0;
  const parser = new Parser({
    onReadEntry: (entry) => {
      if (entry.type === "File") {
        const group = entry.path.split("/").slice(0, depth).join("/");
        const part = parts.get(group) ?? { files: 0, bytes: 0 };
        parts.set(group, { files: part.files + 1, bytes: part.bytes + entry.size });
        files += 1;
        bytes += entry.size;
      }
      entry.resume();
    },
  });
  const packed = await layer.open();
  await new Promise<void>((resolve, reject) => {
    const plain = mediaType === MediaType.layer ? packed : packed.pipe(createGunzip());
    packed.once("error", reject);
    plain.once("error", reject);
    parser.on("error", reject);
    parser.on("end", () => resolve());
    plain.on("data", (chunk: Buffer) => parser.write(chunk));
    plain.once("end", () => parser.end());
  });
  const list = [...parts].map(([path, part]) => ({ path, ...part })).sort((a, b) => b.bytes - a.bytes);
  return { files, bytes, parts: list };
}
