import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readJson, writeJson } from "../../core/fs.js";
import { hexOf } from "../../image/digest.js";
import type { Image } from "../../image/image.js";
import { ensureState, type ProjectLayout } from "../../project/layout.js";
import type { Delivered } from "./sinks.js";

export interface LayerView {
  digest: string;
  diff_id: string;
  bytes: number;
  note: string;
  /** Belongs to the base image. */
  base: boolean;
}

/** What is remembered of a built image: `.iapp/images/<digest>.json`. */
export interface ImageRecord {
  schema: "iapp.image/1";
  digest: string;
  kind: "scoring" | "training" | "tool";
  name: string;
  bundle: string | null;
  base: string;
  platform: string;
  /** Milliseconds since the epoch, of the last build that gave this image. */
  built: number;
  bytes: number;
  layers: LayerView[];
  labels: Record<string, string>;
  /** Python packages by name, with their versions. */
  packages: Record<string, string>;
  delivered: Delivered[];
}

export type RecordInput = Pick<
  ImageRecord,
  "kind" | "name" | "bundle" | "base" | "platform" | "packages" | "delivered" | "built"
> & {
  /** How many layers, counted from the last, are not the base's. */
  own: number;
};

const folderOf = (layout: ProjectLayout): string => join(layout.state, "images");

/** Notes a build. Places that an earlier build of the same image went to are kept. */
export async function recordImage(layout: ProjectLayout, image: Image, input: RecordInput): Promise<ImageRecord> {
  await ensureState(layout);
  const path = join(folderOf(layout), `${hexOf(image.digest)}.json`);
  const before = await readJson<ImageRecord>(path).catch(() => null);
  const { own, delivered, ...facts } = input;
  const layers = image.layers.map(({ descriptor, diffId, note }, i) => ({
    digest: descriptor.digest,
    diff_id: diffId,
    bytes: descriptor.size,
    note,
    base: i < image.layers.length - own,
  }));
  const known = (before?.delivered ?? []).filter(({ where }) => !delivered.some((one) => one.where === where));
  const record: ImageRecord = {
    schema: "iapp.image/1",
    digest: image.digest,
    ...facts,
    bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
    layers,
    labels: image.config.config.Labels ?? {},
    delivered: [...known, ...delivered],
  };
  await writeJson(path, record);
  return record;
}

/** All records of a project, newest first. */
export async function imageRecords(layout: ProjectLayout): Promise<ImageRecord[]> {
  const names = (await readdir(folderOf(layout)).catch(() => [])).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  const read = await Promise.all(names.map((name) => readJson<ImageRecord>(join(folderOf(layout), name))));
  return read.filter((record): record is ImageRecord => record !== null).sort((a, b) => b.built - a.built);
}

export async function forgetImage(layout: ProjectLayout, digest: string): Promise<void> {
  await rm(join(folderOf(layout), `${digest.replace("sha256:", "")}.json`), { force: true });
}
