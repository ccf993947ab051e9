import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { OperationError } from "../core/errors.js";
import { fileError, writeFileAtomic } from "../core/fs.js";
import { type Artifact, EMPTY_CONFIG } from "./artifact.js";
import { type Digest, DigestStream, digestOf, hexOf } from "./digest.js";
import type { Image } from "./image.js";
import {
  canonicalJson,
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type Manifest,
  MediaType,
} from "./media.js";

/** Name under which tools look for the tag of a manifest in a layout (OCI image-spec, annotations.md). */
const REF_NAME = "org.opencontainers.image.ref.name";
/** Which image a document in the index belongs to: spares readers of the index a look into each manifest. */
export const SUBJECT = "dev.iapp.subject";

/**
 * Writes an image as an OCI image layout (image-layout.md): a folder that skopeo, umoci, podman and crane read. Blobs that are there
 * already are not written again; a manifest with the same tag is replaced.
 */
export async function writeLayout(folder: string, image: Image, tag: string): Promise<void> {
  const blobs = join(folder, "blobs", "sha256");
  await mkdir(blobs, { recursive: true }).catch((cause) => {
    throw fileError(blobs, "made", cause);
  });
  for (const layer of image.layers) await writeBlob(blobs, layer.descriptor, layer.open);
  await writeFileAtomic(join(blobs, hexOf(image.manifest.config.digest)), image.configBytes);
  await writeFileAtomic(join(blobs, hexOf(image.digest)), image.manifestBytes);
  const index = (await readIndex(folder)) ?? { schemaVersion: 2, mediaType: MediaType.index, manifests: [] };
  const entry: Descriptor = {
    mediaType: image.manifest.mediaType,
    digest: image.digest,
    size: image.manifestBytes.length,
    annotations: { [REF_NAME]: tag },
    platform: { architecture: image.config.architecture, os: image.config.os },
  };
  const manifests = [...index.manifests.filter(({ annotations }) => annotations?.[REF_NAME] !== tag), entry];
  await writeFileAtomic(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await writeFileAtomic(join(folder, "index.json"), canonicalJson({ ...index, manifests }));
}

/** Adds a document that belongs to an image of the layout. */
export async function writeArtifact(folder: string, artifact: Artifact): Promise<void> {
  const blobs = join(folder, "blobs", "sha256");
  const { config, layers, subject } = artifact.manifest;
  await writeFileAtomic(join(blobs, hexOf(config.digest)), EMPTY_CONFIG);
  await writeFileAtomic(join(blobs, hexOf(layers[0]!.digest)), artifact.content);
  await writeFileAtomic(join(blobs, hexOf(artifact.digest)), artifact.manifestBytes);
  const index = (await readIndex(folder)) ?? { schemaVersion: 2, mediaType: MediaType.index, manifests: [] };
  const entry: Descriptor = {
    mediaType: MediaType.manifest,
    digest: artifact.digest,
    size: artifact.manifestBytes.length,
    artifactType: artifact.artifactType,
    annotations: { [SUBJECT]: subject!.digest },
  };
  const others = index.manifests.filter(({ digest }) => digest !== artifact.digest);
  await writeFileAtomic(join(folder, "index.json"), canonicalJson({ ...index, manifests: [...others, entry] }));
}

async function writeBlob(blobs: string, { digest, size }: Descriptor, open: Image["layers"][0]["open"]): Promise<void> {
  const path = join(blobs, hexOf(digest));
  if (
    await stat(path).then(
      (found) => found.size === size,
      () => false,
    )
  )
    return;
  const temporary = `${path}.tmp`;
  const check = new DigestStream();
  try {
    await pipeline(await open(), check, createWriteStream(temporary));
    if (check.digest !== digest) {
      throw new OperationError("IAPP_IMAGE_CORRUPT", `a layer has other bytes than its digest says: ${digest}`);
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw (cause as NodeJS.ErrnoException).syscall === undefined ? cause : fileError(path, "written", cause);
  }
}

/** Reads the image with that tag (or the only one) of a layout, checking every document against its digest. */
export async function readLayout(folder: string, tag: string | null): Promise<Image> {
  const index = await readIndex(folder);
  const images = index?.manifests.filter(({ artifactType }) => artifactType === undefined) ?? [];
  const found = images.filter(({ annotations }) => tag === null || annotations?.[REF_NAME] === tag);
  if (found.length !== 1) {
    throw new OperationError(
      "IAPP_IMAGE_LAYOUT",
      `${folder} holds ${found.length} images${tag === null ? "" : ` tagged ${tag}`}`,
    );
  }
  const blob = async (digest: Digest): Promise<Buffer> => {
    const bytes = await readFile(join(folder, "blobs", "sha256", hexOf(digest)));
    if (digestOf(bytes) !== digest)
      throw new OperationError("IAPP_IMAGE_CORRUPT", `${digest} in ${folder} has other bytes`);
    return bytes;
  };
  const manifestBytes = await blob(found[0]!.digest);
  const manifest = JSON.parse(manifestBytes.toString()) as Manifest;
  const configBytes = await blob(manifest.config.digest);
  const config = JSON.parse(configBytes.toString()) as ImageConfig;
  const layers = manifest.layers.map((descriptor, i) => ({
    descriptor,
    diffId: config.rootfs.diff_ids[i]!,
    note: config.history?.filter(({ empty_layer }) => empty_layer !== true)[i]?.comment ?? "base",
    open: async () => createReadStream(join(folder, "blobs", "sha256", hexOf(descriptor.digest))),
  }));
  return { manifest, manifestBytes, digest: found[0]!.digest, config, configBytes, layers };
}

async function readIndex(folder: string): Promise<ImageIndex | null> {
  const text = await readFile(join(folder, "index.json"), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as ImageIndex);
}
