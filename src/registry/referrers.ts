import { type Artifact, EMPTY_CONFIG } from "../image/artifact.js";
import type { Digest } from "../image/digest.js";
import { canonicalJson, type Descriptor, type ImageIndex, MediaType } from "../image/media.js";
import type { Reference } from "../image/reference.js";
import { refused } from "./failure.js";
import { fetchManifest } from "./pull.js";
import { pushBlob, putManifest, streamOf } from "./push.js";
import type { Session } from "./session.js";

/**
 * Sends a document that belongs to an image which is there already. A registry that knows referrers says so in its answer; for others the
 * list is kept under a tag made of the image's digest (distribution-spec 1.1, "Pushing Manifests with Subject").
 */
export async function pushArtifact(session: Session, reference: Reference, artifact: Artifact): Promise<void> {
  const { config, layers, subject } = artifact.manifest;
  for (const [descriptor, bytes] of [
    [config, EMPTY_CONFIG],
    [layers[0]!, artifact.content],
  ] as const) {
    const { digest, size } = descriptor;
    const blob = { digest, size, note: artifact.artifactType, open: async () => streamOf(bytes) };
    await pushBlob(session, reference, blob, () => undefined);
  }
  const headers = await putManifest(session, reference, artifact.digest, MediaType.manifest, artifact.manifestBytes);
  if (headers["oci-subject"] === undefined) await addToList(session, reference, subject!.digest, artifact);
}

export const fallbackTag = (digest: Digest): string => digest.replace(":", "-");

async function addToList(session: Session, reference: Reference, subject: Digest, artifact: Artifact): Promise<void> {
  const tag = fallbackTag(subject);
  const found = await fetchManifest(session, { ...reference, tag, digest: null });
  const index: ImageIndex =
    found === null
      ? { schemaVersion: 2, mediaType: MediaType.index, manifests: [] }
      : (JSON.parse(found.bytes.toString()) as ImageIndex);
  if (index.manifests.some(({ digest }) => digest === artifact.digest)) return;
  const entry: Descriptor = {
    mediaType: MediaType.manifest,
    digest: artifact.digest,
    size: artifact.manifestBytes.length,
    artifactType: artifact.artifactType,
  };
  const manifests = [...index.manifests.filter(({ artifactType }) => artifactType !== artifact.artifactType), entry];
  const bytes = Buffer.from(canonicalJson({ ...index, manifests }));
  await putManifest(session, reference, tag, MediaType.index, bytes);
}

/** Documents that belong to an image, by type. */
export async function listArtifacts(session: Session, reference: Reference, subject: Digest): Promise<Descriptor[]> {
  const response = await session.ask({
    method: "GET",
    target: `${reference.repository}/referrers/${subject}`,
    headers: { accept: MediaType.index },
    scope: `repository:${reference.repository}:pull`,
  });
  if (response.status === 200 && (response.headers["content-type"] ?? "").startsWith(MediaType.index)) {
    const parts: Buffer[] = [];
    for await (const chunk of response.stream as AsyncIterable<Buffer>) parts.push(chunk);
    return (JSON.parse(Buffer.concat(parts).toString()) as ImageIndex).manifests;
  }
  if (response.status !== 404 && response.status !== 200)
    throw await refused(response, `listing what belongs to ${subject}`, reference.registry);
  response.stream.resume();
  const found = await fetchManifest(session, { ...reference, tag: fallbackTag(subject), digest: null });
  return found === null ? [] : (JSON.parse(found.bytes.toString()) as ImageIndex).manifests;
}
