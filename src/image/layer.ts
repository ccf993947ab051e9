import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileError, readJson, writeJson } from "../core/fs.js";
import { type Digest, DigestStream, digestOf, hexOf } from "./digest.js";
import { gzipMembers } from "./gzip.js";
import { type Descriptor, MediaType } from "./media.js";
import { type TarEntry, tarStream } from "./tar-stream.js";

/** A layer that can be opened when somebody needs its bytes; until then only its description is known. */
export interface Layer {
  descriptor: Descriptor;
  /** Digest of the uncompressed tar, as the image's config lists it. */
  diffId: Digest;
  /** What is in it, for people. */
  note: string;
  /** The compressed bytes. */
  open: () => Promise<Readable>;
  /** The repository that has it already: registries can mount it from there instead of receiving it again. */
  origin?: { registry: string; repository: string };
}

interface CacheRecord {
  schema: "iapp.layer/1";
  diffId: Digest;
  digest: Digest;
  size: number;
  note: string;
}

/** Layers that were built here, by what went into them. All of it may be deleted. */
export class LayerCache {
  constructor(readonly folder: string) {}

  blobPath(digest: Digest): string {
    return join(this.folder, "blobs", "sha256", hexOf(digest));
  }

  /** The layer made from the same inputs earlier, when its bytes are still there in full. */
  async find(key: string): Promise<Layer | null> {
    const record = await readJson<CacheRecord>(this.#recordPath(key)).catch(() => null);
    if (record === null || record.schema !== "iapp.layer/1") return null;
    const size = await stat(this.blobPath(record.digest)).then(
      (found) => found.size,
      () => -1,
    );
    return size === record.size ? this.#layer(record) : null;
  }

  /**
   * Writes the entries as a layer, unless the same key was built before.
   * @param key everything that decides the content, as text; null: the content is small and always written again.
   */
  async build(entries: readonly TarEntry[], note: string, key: string | null): Promise<Layer> {
    if (key !== null) {
      const known = await this.find(key);
      if (known !== null) return known;
    }
    const folder = join(this.folder, "blobs", "sha256");
    const temporary = join(folder, `.${randomBytes(6).toString("hex")}.tmp`);
    const plain = new DigestStream();
    const packed = new DigestStream();
    try {
      await mkdir(folder, { recursive: true });
      await pipeline(
        Readable.from(tarStream(entries)),
        plain,
        gzipMembers as never,
        packed,
        createWriteStream(temporary),
      );
      await rename(temporary, this.blobPath(packed.digest));
    } catch (cause) {
      await rm(temporary, { force: true });
      if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
      throw fileError(folder, "written", cause);
    }
    const record: CacheRecord = {
      schema: "iapp.layer/1",
      diffId: plain.digest,
      digest: packed.digest,
      size: packed.size,
      note,
    };
    if (key !== null) await writeJson(this.#recordPath(key), record);
    return this.#layer(record);
  }

  #recordPath(key: string): string {
    return join(this.folder, "layers", `${hexOf(digestOf(key))}.json`);
  }

  #layer(record: CacheRecord): Layer {
    const path = this.blobPath(record.digest);
    return {
      descriptor: { mediaType: MediaType.layerGzip, digest: record.digest, size: record.size },
      diffId: record.diffId,
      note: record.note,
      open: async () => createReadStream(path),
    };
  }
}
