import { execFileSync } from "node:child_process";
import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/image/digest.js";
import { writeDockerArchive } from "../../../src/image/docker-archive.js";
import { assemble, emptyImage } from "../../../src/image/image.js";
import { LayerCache } from "../../../src/image/layer.js";
import { readLayout, writeLayout } from "../../../src/image/layout.js";
import { canonicalJson } from "../../../src/image/media.js";
import { formatReference, parseReference } from "../../../src/image/reference.js";
import { normaliseEntries, type TarEntry, tarStream } from "../../../src/image/tar-stream.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";

const PLATFORM = { os: "linux", architecture: "amd64" };

describe("parseReference", () => {
  it.each([
    ["python", "docker.io/library/python"],
    ["python:3.11-slim", "docker.io/library/python:3.11-slim"],
    ["team/app", "docker.io/team/app"],
    ["localhost/app", "localhost/app"],
    ["localhost:5000/app:v1", "localhost:5000/app:v1"],
    ["ghcr.io/a/b/c:x", "ghcr.io/a/b/c:x"],
    ["[::1]:5000/app", "[::1]:5000/app"],
    [`r.example/app:v1@${digestOf("x")}`, `r.example/app:v1@${digestOf("x")}`],
  ])("reads %s as %s", (text, canonical) => {
    expect(formatReference(parseReference(text))).toBe(canonical);
  });

  it.each(["", "UPPER/case", "a//b", "r.example/app:", "r.example/app@sha256:12", "-bad.example-/app", "a/b:c d"])(
    "refuses %j",
    (text) => {
      expect(() => parseReference(text)).toThrow(/is not an image reference/);
    },
  );
});

async function bytesOf(entries: TarEntry[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of tarStream(entries)) parts.push(part);
  return Buffer.concat(parts);
}

describe("tarStream", () => {
  it("gives the same bytes whatever the order, times and modes of the files", async () => {
    const build = async (seed: number): Promise<Buffer> => {
      const folder = await temporaryFolder();
      for (const name of ["b", "a", "c"]) {
        await writeFile(join(folder, name), name.repeat(1000), { mode: seed === 0 ? 0o600 : 0o666 });
        await utimes(join(folder, name), 1000 + seed, 2000 + seed);
      }
      const entries = ["a", "b", "c"].map(
        (name): TarEntry => ({ path: `x/${name}`, type: "file", content: { file: join(folder, name), size: 1000 } }),
      );
      return bytesOf(seed === 0 ? entries : entries.reverse());
    };
    expect(digestOf(await build(0))).toBe(digestOf(await build(1)));
  });

  it("is read by tar, with names of any length and links", async () => {
    const folder = await temporaryFolder();
    const long = `${"d".repeat(120)}/${"ü".repeat(100)}.txt`;
    const tar = await bytesOf([
      { path: long, type: "file", content: Buffer.from("long") },
      { path: "bin/run", type: "file", executable: true, content: Buffer.from("#!/bin/sh\n") },
      { path: "link", type: "link", target: "bin/run" },
      { path: "empty", type: "file", content: Buffer.alloc(0) },
      { path: "folder", type: "folder" },
    ]);
    await writeFile(join(folder, "t.tar"), tar);
    execFileSync("tar", ["xf", "t.tar"], { cwd: folder });
    expect(await readFile(join(folder, long), "utf8")).toBe("long");
    expect((await stat(join(folder, "bin/run"))).mode & 0o777).toBe(0o755);
    expect(await readFile(join(folder, "link"), "utf8")).toBe("#!/bin/sh\n");
    expect((await stat(join(folder, "empty"))).size).toBe(0);
  });

  it.each(["../etc/passwd", "a/../../b", "", "a//b"])("refuses the path %j", (path) => {
    expect(() => normaliseEntries([{ path, type: "file" }])).toThrow(/cannot be a path/);
  });

  it("fails when a file grows while it is read", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "f"), "12345");
    await expect(bytesOf([{ path: "f", type: "file", content: { file: join(folder, "f"), size: 3 } }])).rejects.toThrow(
      /changed while/,
    );
  });
});

describe("LayerCache", () => {
  it("writes a gzip that unpacks to the tar its diffID names, in several members", async () => {
    const cache = new LayerCache(await temporaryFolder());
    const noise = Buffer.alloc(9 << 20);
    for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE((i * 2654435761) >>> 0, i);
    const layer = await cache.build([{ path: "noise", type: "file", content: noise }], "noise", null);
    const packed = await readFile(cache.blobPath(layer.descriptor.digest));
    expect(digestOf(packed)).toBe(layer.descriptor.digest);
    expect(digestOf(gunzipSync(packed))).toBe(layer.diffId);
  });

  it("builds a layer once for a key, and again when its bytes are gone", async () => {
    const cache = new LayerCache(await temporaryFolder());
    const first = await cache.build([{ path: "a", type: "file", content: Buffer.from("a") }], "a", "key");
    const same = await cache.build(
      [{ path: "never read", type: "file", content: { file: "/no/such", size: 1 } }],
      "a",
      "key",
    );
    expect(same.descriptor).toEqual(first.descriptor);
    await writeFile(cache.blobPath(first.descriptor.digest), "cut");
    expect(await cache.find("key")).toBeNull();
  });
});

describe("assemble", () => {
  it("keeps what the base says and adds to it", async () => {
    const cache = new LayerCache(await temporaryFolder());
    const layer = await cache.build([{ path: "a", type: "file", content: Buffer.from("a") }], "note", null);
    const base = assemble(emptyImage(PLATFORM), [layer], {
      env: { PATH: "/bin", A: "1" },
      command: [],
      entrypoint: ["sh"],
    });
    const image = assemble(base, [layer], {
      env: { A: "2", B: "3" },
      user: "65532",
      labels: { x: "y" },
      ports: ["8080/tcp"],
    });
    expect(image.config.config).toMatchObject({
      Env: ["PATH=/bin", "A=2", "B=3"],
      Entrypoint: ["sh"],
      User: "65532",
      Labels: { x: "y" },
      ExposedPorts: { "8080/tcp": {} },
    });
    expect(image.config.rootfs.diff_ids).toEqual([layer.diffId, layer.diffId]);
    expect(image.digest).toBe(digestOf(image.manifestBytes));
  });

  it("writes documents whose bytes depend on nothing but their content", () => {
    expect(canonicalJson({ b: [1, { d: 1, c: undefined }], a: "é" })).toBe('{"a":"é","b":[1,{"d":1}]}');
  });
});

describe("layouts and archives", () => {
  it("come back as the same image", async () => {
    const folder = await temporaryFolder();
    const cache = new LayerCache(join(folder, "cache"));
    const layer = await cache.build([{ path: "a", type: "file", content: Buffer.from("a") }], "note", null);
    const image = assemble(emptyImage(PLATFORM), [layer], {});
    await mkdir(join(folder, "layout"));
    await writeLayout(join(folder, "layout"), image, "v1");
    await writeLayout(join(folder, "layout"), assemble(image, [], { labels: { v: "2" } }), "v2");
    expect((await readLayout(join(folder, "layout"), "v1")).digest).toBe(image.digest);
    await writeDockerArchive(join(folder, "image.tar"), image, "app:v1");
    const list = execFileSync("tar", ["tf", join(folder, "image.tar")])
      .toString()
      .split("\n");
    expect(list).toContain("manifest.json");
    const blob = join(folder, "layout/blobs/sha256", image.manifest.config.digest.slice(7));
    await writeFile(blob, "{}");
    await expect(readLayout(join(folder, "layout"), "v1")).rejects.toThrow(/other bytes/);
  });
});
