import { OperationError } from "../core/errors.js";
import { EMPTY_CONFIG } from "../image/artifact.js";
import { digestOf } from "../image/digest.js";
import type { Layer } from "../image/layer.js";
import { canonicalJson, type Manifest, MediaType } from "../image/media.js";
import { formatReference, pinned, type Reference } from "../image/reference.js";
import { unpackLayer } from "../image/unpack.js";
import { fetchManifest, openBlob } from "./pull.js";
import { pushBlob, putManifest, streamOf } from "./push.js";
import type { Session } from "./session.js";

/**
 * Keeps a folder, packed as one layer, in a registry under the reference's tag (OCI image-spec 1.1, manifest.md "Guidelines for Artifact
 * Usage": empty config, own artifact type). Resolves with the artifact by digest. Repeating it sends nothing.
 */
export async function pushFolder(
  session: Session,
  reference: Reference,
  artifactType: string,
  layer: Layer,
): Promise<string> {
  const config = { mediaType: MediaType.empty, digest: digestOf(EMPTY_CONFIG), size: EMPTY_CONFIG.length };
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    artifactType,
    config,
    layers: [layer.descriptor],
  };
  const { digest, size } = layer.descriptor;
  const empty = { ...config, note: artifactType, open: async () => streamOf(EMPTY_CONFIG) };
  await pushBlob(session, reference, empty, () => undefined);
  await pushBlob(session, reference, { digest, size, note: layer.note, open: layer.open }, () => undefined);
  const bytes = Buffer.from(canonicalJson(manifest));
  const name = reference.tag ?? digestOf(bytes);
  await putManifest(session, reference, name, MediaType.manifest, bytes);
  return pinned(reference, digestOf(bytes));
}

/** Unpacks what `pushFolder` has kept. False when there is nothing under that name. */
export async function fetchFolder(
  session: Session,
  reference: Reference,
  artifactType: string,
  to: string,
): Promise<boolean> {
  const found = await fetchManifest(session, reference);
  if (found === null) return false;
  const manifest = JSON.parse(found.bytes.toString()) as Manifest;
  const layer = manifest.layers?.[0];
  if (manifest.artifactType !== artifactType || layer === undefined) {
    throw new OperationError("IAPP_REGISTRY_TYPE", `${formatReference(reference)} is not ${artifactType}`);
  }
  await unpackLayer(await openBlob(session, reference, layer), to);
  return true;
}
