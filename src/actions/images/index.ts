import { rm } from "node:fs/promises";
import { join } from "node:path";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exists } from "../../core/fs.js";
import { type Contents, layerContents } from "../../image/contents.js";
import { parseDigest } from "../../image/digest.js";
import { pruneLayout } from "../../image/prune-layout.js";
import type { ProjectLayout } from "../../project/layout.js";
import { layerCache } from "../build/finish.js";
import { forgetImage, type ImageRecord, imageRecords, type LayerView } from "../build/records.js";
import { type ImageChange, imageChanges } from "./changes.js";

export type { ImageRecord } from "../build/records.js";
export type { ImageChange } from "./changes.js";

export const listImages = imageRecords;

/** The image whose digest begins so; without one the newest. */
export async function findImage(layout: ProjectLayout, which: string | undefined): Promise<ImageRecord> {
  const records = await imageRecords(layout);
  const wanted = which?.replace(/^.*sha256:/, "");
  const found =
    wanted === undefined ? records.slice(0, 1) : records.filter(({ digest }) => digest.includes(`:${wanted}`));
  if (found.length === 1) return found[0]!;
  throw new UserError(
    found.length === 0 ? "IAPP_IMAGE_UNKNOWN" : "IAPP_IMAGE_AMBIGUOUS",
    found.length === 0
      ? which === undefined
        ? "no image was built here yet"
        : `no image ${which} was built here`
      : `${found.length} images begin with ${which}`,
    {
      remedy: records.length === 0 ? "Build one: iapp build" : "Give the beginning of a digest.",
      lines: records.slice(0, 20).map(({ digest, name }) => `${digest.slice(7, 19)}  ${name}`),
    },
  );
}

export interface ImageView {
  schema: "iapp.image-view/1";
  record: ImageRecord;
  layers: (LayerView & { contents: Contents | null })[];
  previous: string | null;
  changes: ImageChange[];
}

/** Depth of the folders that tell what is in a layer of ours: `opt/iapp/lib/NAME`. */
const DEPTH = 4;

/** An image with what is in each layer that lies here, and why it differs from the one before it. */
export async function inspectImage(ctx: Context, layout: ProjectLayout, which: string | undefined): Promise<ImageView> {
  const record = await findImage(layout, which);
  const cache = layerCache(ctx.env);
  const layers = await Promise.all(
    record.layers.map(async (layer) => ({
      ...layer,
      contents: layer.base ? null : await look(cache.blobPath(parseDigest(layer.digest, record.digest)), layer),
    })),
  );
  const all = await imageRecords(layout);
  const same = all.filter(({ name, kind }) => name === record.name && kind === record.kind);
  const previous = same[same.findIndex(({ digest }) => digest === record.digest) + 1] ?? null;
  return {
    schema: "iapp.image-view/1",
    record,
    layers,
    previous: previous?.digest ?? null,
    changes: previous === null ? [] : imageChanges(previous, record),
  };
}

async function look(path: string, layer: LayerView): Promise<Contents | null> {
  if (!(await exists(path))) return null;
  const { createReadStream } = await import("node:fs");
  const digest = parseDigest(layer.digest, path);
  const descriptor = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest, size: layer.bytes };
  const diffId = parseDigest(layer.diff_id, path);
  return layerContents({ descriptor, diffId, note: layer.note, open: async () => createReadStream(path) }, DEPTH);
}

export interface Pruned {
  schema: "iapp.images-prune/1";
  forgotten: string[];
  freed_bytes: number;
}

/**
 * Forgets all but the newest images of each name, and frees their layers in the project's layout; with `cache` also the person's layers,
 * which are made again when they are needed. Nothing in a registry is touched.
 */
export async function pruneImages(ctx: Context, layout: ProjectLayout, keep: number, cache: boolean): Promise<Pruned> {
  const seen = new Map<string, number>();
  const forgotten: string[] = [];
  const kept = new Set<string>();
  for (const { name, kind, digest } of await imageRecords(layout)) {
    const nth = (seen.get(`${kind} ${name}`) ?? 0) + 1;
    seen.set(`${kind} ${name}`, nth);
    if (nth <= keep) kept.add(digest);
    else {
      await forgetImage(layout, digest);
      forgotten.push(digest);
    }
  }
  let freed = await pruneLayout(join(layout.state, "images", "layout"), kept);
  if (cache) {
    const { folder } = layerCache(ctx.env);
    freed += await sizeOf(folder);
    await rm(folder, { recursive: true, force: true }).catch((cause: unknown) => {
      throw new OperationError("IAPP_IMAGES_PRUNE", `${folder} cannot be removed: ${(cause as Error).message}`);
    });
  }
  return { schema: "iapp.images-prune/1", forgotten, freed_bytes: freed };
}

async function sizeOf(folder: string): Promise<number> {
  const { readdir, stat } = await import("node:fs/promises");
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((total, size) => total + size, 0);
}
