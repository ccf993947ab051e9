import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Context } from "../../core/events.js";
import { fileError } from "../../core/fs.js";
import { PLACES } from "../../core/places.js";
import { runtimePath } from "../../core/runtime-path.js";
import { type Digest, digestOf } from "../../image/digest.js";
import type { Layer, LayerCache } from "../../image/layer.js";
import { canonicalJson } from "../../image/media.js";
import type { TarEntry } from "../../image/tar-stream.js";
import { treeEntries } from "../../image/tree.js";
import { lockedVersions } from "../../project/environment/lock-text.js";
import { compileModules, installForTarget, type TargetPlatform } from "../../project/environment/target.js";
import type { Interpreter } from "../../project/python.js";
import { digestFile } from "../bundle/digest.js";
import { EXPLAINS, readBundle } from "../bundle/index.js";
import { lentLinks } from "./lent.js";

/** Changed whenever the same inputs give other bytes than before: what was cached is then made anew. */
const RECIPE = 3;

export interface LayerInput {
  cache: LayerCache;
  python: Interpreter;
  platform: TargetPlatform;
}

/** The packages of a lock. */
export async function dependencyLayer(ctx: Context, input: LayerInput, lock: string): Promise<Layer> {
  const { cache, python, platform } = input;
  const key = canonicalJson(["packages", RECIPE, digestOf(lock), platform, python.version]);
  const known = await cache.find(key);
  if (known !== null) return known;
  const count = Object.keys(lockedVersions(lock)).length;
  ctx.emit({ code: "build.packages", level: "progress", text: `installing ${count} packages for the image` });
  const folder = await scratch(cache);
  try {
    const lockFile = join(folder, "requirements.lock");
    const into = join(folder, "lib");
    await writeFile(lockFile, lock);
    await installForTarget(ctx, { lockFile, lock, into, python, platform });
    ctx.emit({ code: "build.bytecode", level: "progress", text: "compiling their modules" });
    await compileModules(ctx, { python, folder: into, shown: `/${PLACES.lib}`, runtime: runtimePath() });
    const entries = await treeEntries(into, { prefix: PLACES.lib, skip: isLeftover });
    ctx.emit({ code: "build.layer", level: "progress", text: `packing ${entries.length} files` });
    // What was installed can be read in the image, and environments inside it are made from it.
    entries.push(...lentLinks(entries, Object.keys(lockedVersions(lock))));
    entries.push({ path: `${PLACES.lib}/requirements.lock`, type: "file", content: Buffer.from(lock) });
    return await cache.build(await Promise.all(entries.map(tidy)), `${count} Python packages`, key);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Scripts name the builder's interpreter in their first line, and a lock file of the installer is of no use in an image. */
function isLeftover(path: string): boolean {
  return (
    path === "bin" || path === ".lock" || /\.dist-info\/(INSTALLER|REQUESTED|direct_url\.json|uv_[\w.]+)$/.test(path)
  );
}

/** The list of installed files names what is left out above, with digests that depend on where the builder's Python lies. */
async function tidy(entry: TarEntry): Promise<TarEntry> {
  const { content } = entry;
  if (!/\.dist-info\/RECORD$/.test(entry.path) || content === undefined || content instanceof Uint8Array) return entry;
  const lines = (await readFile(content.file, "utf8")).split("\n");
  const kept = lines.filter((line) => {
    const path = line.split(",", 1)[0]!;
    return !/^(\.\.\/)*bin\//.test(path) && !isLeftover(path);
  });
  return { ...entry, content: Buffer.from(kept.join("\n")) };
}

/** The Python runtime; for scoring without what only training needs. */
export async function runtimeLayer(ctx: Context, input: LayerInput, parts: "scoring" | "all"): Promise<Layer> {
  const source = join(runtimePath(), "iapp_runtime");
  const skip = (path: string): boolean =>
    path.includes("__pycache__") || (parts === "scoring" && /^(train|build)(\/|$)/.test(path));
  const files = await treeEntries(source, { prefix: "iapp_runtime", skip });
  const key = canonicalJson(["runtime", RECIPE, await contentDigest(files), input.python.version]);
  const known = await input.cache.find(key);
  if (known !== null) return known;
  const folder = await scratch(input.cache);
  try {
    // A copy, because compiled files lie beside their sources.
    for (const entry of files) await place(folder, entry);
    const compiled = { python: input.python, folder, shown: `/${PLACES.runtime}`, runtime: runtimePath() };
    await compileModules(ctx, compiled);
    const entries = await treeEntries(folder, { prefix: PLACES.runtime });
    return await input.cache.build(entries, "iapp's runtime", key);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function contentDigest(entries: readonly TarEntry[]): Promise<Digest> {
  const digests = entries.map(async ({ path, content }) =>
    content === undefined || content instanceof Uint8Array ? path : [path, (await digestFile(content.file)).sha256],
  );
  return digestOf(canonicalJson(await Promise.all(digests)));
}

async function place(root: string, { path, type, content }: TarEntry): Promise<void> {
  const to = join(root, path);
  if (type === "folder") await mkdir(to, { recursive: true });
  else if (content !== undefined && !(content instanceof Uint8Array)) {
    await mkdir(dirname(to), { recursive: true });
    await copyFile(content.file, to);
  }
}

/** What a bundle serves, without the files that only explain it: they tell of machines and hours. */
export async function bundleLayer(input: Pick<LayerInput, "cache">, dir: string): Promise<Layer> {
  const { index } = await readBundle(dir);
  const served = index.files.filter((file) => !EXPLAINS.has(file.role));
  const entries: TarEntry[] = served.map(({ path, bytes }) => ({
    path: `${PLACES.bundle}/${path}`,
    type: "file",
    content: { file: join(dir, path), size: bytes },
  }));
  const document = `${canonicalJson({ ...index, files: served })}\n`;
  entries.push({ path: `${PLACES.bundle}/bundle.json`, type: "file", content: Buffer.from(document) });
  return input.cache.build(entries, `bundle ${index.digest.slice(0, 12)}`, null);
}

/** A folder for work, where the cache lies: there is room for layers. */
async function scratch(cache: LayerCache): Promise<string> {
  const parent = join(cache.folder, "work");
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, "build-"));
  } catch (cause) {
    throw fileError(parent, "written", cause);
  }
}
