import { createWriteStream } from "node:fs";
import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { OperationError } from "../core/errors.js";
import { fileError } from "../core/fs.js";
import { DigestStream, hexOf } from "./digest.js";
import type { Image } from "./image.js";
import { MediaType } from "./media.js";
import { type TarEntry, tarStream } from "./tar-stream.js";

/**
 * The image as the tar that `docker load`, `podman load`, `nerdctl load` and `kind load image-archive` take (Docker image-spec v1.2: manifest.json, a config and
 * uncompressed layers). One layer at a time lies on disk, for its size must be known before it.
 */
export async function writeDockerArchive(path: string, image: Image, tag: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await pipeline(Readable.from(dockerArchive(image, tag)), createWriteStream(temporary));
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw (cause as NodeJS.ErrnoException).syscall === undefined ? cause : fileError(dirname(path), "written", cause);
  }
}

/** The same as a stream of bytes, for a program's standard input. */
export async function* dockerArchive(image: Image, tag: string): AsyncGenerator<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "iapp-archive-"));
  try {
    const entries: TarEntry[] = [];
    const names: string[] = [];
    for (const layer of image.layers) {
      const name = `${hexOf(layer.diffId)}.tar`;
      names.push(name);
      const file = join(folder, name);
      const check = new DigestStream();
      const unpacked = unpack(await layer.open(), layer.descriptor.mediaType);
      await pipeline(unpacked, check, createWriteStream(file));
      if (check.digest !== layer.diffId) {
        throw new OperationError(
          "IAPP_IMAGE_CORRUPT",
          `a layer has other content than the image's config says: ${layer.diffId}`,
        );
      }
      entries.push({ path: name, type: "file", content: { file, size: (await stat(file)).size } });
    }
    const config = `${hexOf(image.manifest.config.digest)}.json`;
    entries.push({ path: config, type: "file", content: image.configBytes });
    const manifest = [{ Config: config, RepoTags: [tag], Layers: names }];
    entries.push({ path: "manifest.json", type: "file", content: Buffer.from(JSON.stringify(manifest)) });
    yield* tarStream(entries);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function unpack(packed: Readable, mediaType: string): Readable {
  if (mediaType === MediaType.layer) return packed;
  if (mediaType === MediaType.layerGzip || mediaType === MediaType.dockerLayer) {
    const plain = createGunzip();
    packed.once("error", (cause) => plain.destroy(cause));
    return packed.pipe(plain);
  }
  throw new OperationError(
    "IAPP_IMAGE_ZSTD",
    `a layer of the base image is packed as ${mediaType}, which this sink cannot unpack`,
    {
      remedy: "Push to a registry or write an OCI layout instead: there the layer is passed on as it is.",
    },
  );
}
