import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { artifact } from "../../../src/image/artifact.js";
import { layerContents } from "../../../src/image/contents.js";
import { gzipMembers } from "../../../src/image/gzip.js";
import { assemble, emptyImage } from "../../../src/image/image.js";
import { LayerCache } from "../../../src/image/layer.js";
import { readLayout, writeArtifact, writeLayout } from "../../../src/image/layout.js";
import { pruneLayout } from "../../../src/image/prune-layout.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";

const PLATFORM = { os: "linux", architecture: "amd64" };

async function imageWith(cache: LayerCache, text: string) {
  const layer = await cache.build([{ path: "a/f.txt", type: "file", content: Buffer.from(text) }], text, null);
  return assemble(emptyImage(PLATFORM), [layer], { labels: { text } });
}

describe("gzipMembers", () => {
  it.each([0, 1, 4 << 20, (4 << 20) + 1, 19_000_000])("packs %d bytes so that anybody unpacks them", async (size) => {
    const data = Buffer.alloc(size);
    for (let i = 0; i < size; i += 97) data[i] = i % 251;
    async function* chunks() {
      for (let at = 0; at < size; at += 1_000_003) yield data.subarray(at, at + 1_000_003);
    }
    const packed: Buffer[] = [];
    for await (const part of gzipMembers(chunks())) packed.push(part);
    const all = Buffer.concat(packed);
    if (size > 0) expect(gunzipSync(all).equals(data)).toBe(true);
    const again: Buffer[] = [];
    for await (const part of gzipMembers(chunks())) again.push(part);
    expect(Buffer.concat(again).equals(all)).toBe(true);
  });

  it("ends its threads when the reader stops early", async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(1 << 20, 7);
    }
    for await (const part of gzipMembers(endless())) {
      expect(part.length).toBeGreaterThan(0);
      break;
    }
  });
});

describe("layerContents", () => {
  it("sums files by the folders that tell things apart", async () => {
    const cache = new LayerCache(await temporaryFolder());
    const content = (size: number) => Buffer.alloc(size, "x");
    const layer = await cache.build(
      [
        { path: "lib/pandas/a.py", type: "file", content: content(100) },
        { path: "lib/pandas/core/b.py", type: "file", content: content(50) },
        { path: "lib/numpy/c.py", type: "file", content: content(10) },
        { path: "lib/link", type: "link", target: "numpy" },
      ],
      "packages",
      null,
    );
    expect(await layerContents(layer, 2)).toEqual({
      files: 3,
      bytes: 160,
      parts: [
        { path: "lib/pandas", files: 2, bytes: 150 },
        { path: "lib/numpy", files: 1, bytes: 10 },
      ],
    });
  });
});

describe("documents of an image in a layout", () => {
  it("do not stand in the way of reading it, and go with it", async () => {
    const cache = new LayerCache(await temporaryFolder());
    const folder = await temporaryFolder();
    const [old, young] = [await imageWith(cache, "old"), await imageWith(cache, "young")];
    for (const image of [old, young]) {
      await writeLayout(folder, image, image === old ? "v1" : "v2");
      const subject = { mediaType: image.manifest.mediaType, digest: image.digest, size: image.manifestBytes.length };
      await writeArtifact(folder, artifact("application/x-note+json", { of: image.digest }, subject));
    }
    expect((await readLayout(folder, "v1")).digest).toBe(old.digest);
    const before = await readdir(join(folder, "blobs", "sha256"));
    expect(await pruneLayout(folder, new Set([young.digest]))).toBeGreaterThan(0);
    const after = await readdir(join(folder, "blobs", "sha256"));
    expect(before.length - after.length).toBeGreaterThanOrEqual(4);
    expect((await readLayout(folder, null)).digest).toBe(young.digest);
    await expect(readLayout(folder, "v1")).rejects.toThrow(/holds 0 images/);
  });
});
