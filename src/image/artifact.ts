import { type Digest, digestOf } from "./digest.js";
import { canonicalJson, type Descriptor, type Manifest, MediaType } from "./media.js";

/** A document that belongs to an image: an SBOM, a provenance statement (OCI image-spec 1.1, manifest.md "Guidelines for Artifact Usage"). */
export interface Artifact {
  artifactType: string;
  content: Buffer;
  manifest: Manifest;
  manifestBytes: Buffer;
  digest: Digest;
}

/** The empty config that the specification gives artifacts. */
export const EMPTY_CONFIG = Buffer.from("{}");

/** @param subject the image that it is about */
export function artifact(artifactType: string, document: unknown, subject: Descriptor): Artifact {
  const content = Buffer.from(canonicalJson(document));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    artifactType,
    config: { mediaType: MediaType.empty, digest: digestOf(EMPTY_CONFIG), size: EMPTY_CONFIG.length },
    layers: [{ mediaType: artifactType, digest: digestOf(content), size: content.length }],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
  };
  const manifestBytes = Buffer.from(canonicalJson(manifest));
  return { artifactType, content, manifest, manifestBytes, digest: digestOf(manifestBytes) };
}
