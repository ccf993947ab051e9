import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../core/fs.js";
import { SUBJECT } from "./layout.js";
import { canonicalJson, type ImageIndex, type Manifest } from "./media.js";

/** Takes all images but the given ones out of a layout, and the blobs that nothing names any more. Returns the bytes that became free. */
export async function pruneLayout(folder: string, keep: ReadonlySet<string>): Promise<number> {
  const text = await readFile(join(folder, "index.json"), "utf8").catch(() => null);
  if (text === null) return 0;
  const index = JSON.parse(text) as ImageIndex;
  const manifests = index.manifests.filter(
    ({ digest, annotations }) => keep.has(digest) || keep.has(annotations?.[SUBJECT] ?? ""),
  );
  const blobs = join(folder, "blobs", "sha256");
  const used = new Set<string>();
  for (const { digest } of manifests) {
    const name = digest.slice(7);
    const manifest = JSON.parse(await readFile(join(blobs, name), "utf8")) as Manifest;
    for (const one of [name, manifest.config.digest.slice(7), ...manifest.layers.map((layer) => layer.digest.slice(7))])
      used.add(one);
  }
  // The index first: a blob that is gone must not be named.
  await writeFileAtomic(join(folder, "index.json"), canonicalJson({ ...index, manifests }));
  let freed = 0;
  for (const name of await readdir(blobs).catch(() => [])) {
    if (used.has(name)) continue;
    freed += (await stat(join(blobs, name))).size;
    await rm(join(blobs, name), { force: true });
  }
  return freed;
}
