import type { Readable } from "node:stream";
import { OperationError, UserError } from "../core/errors.js";
import { type Digest, DigestStream, digestOf } from "../image/digest.js";
import type { Image } from "../image/image.js";
import type { Layer } from "../image/layer.js";
import {
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  INDEX_TYPES,
  MANIFEST_TYPES,
  type Manifest,
  MediaType,
  type Platform,
} from "../image/media.js";
import { formatReference, type Reference } from "../image/reference.js";
import { refused } from "./failure.js";
import type { Session } from "./session.js";
import { readBytes } from "./transport.js";

/** The largest manifest that the specification asks registries to take. */
const MOST_MANIFEST = 4 << 20;

export interface Fetched {
  mediaType: string;
  digest: Digest;
  bytes: Buffer;
}

/** A manifest or index by tag or digest, its bytes checked against its digest. Null when the registry has none. */
export async function fetchManifest(session: Session, reference: Reference): Promise<Fetched | null> {
  const name = reference.digest ?? reference.tag ?? "latest";
  const response = await session.ask({
    method: "GET",
    target: `${reference.repository}/manifests/${name}`,
    headers: { accept: [...MANIFEST_TYPES, ...INDEX_TYPES].join(", ") },
    scope: `repository:${reference.repository}:pull`,
  });
  if (response.status === 404) {
    response.stream.resume();
    return null;
  }
  if (response.status !== 200)
    throw await refused(response, `reading ${formatReference(reference)}`, reference.registry);
  const bytes = await readBytes(response, MOST_MANIFEST);
  const digest = digestOf(bytes);
  if (reference.digest !== null && digest !== reference.digest) {
    throw new OperationError(
      "IAPP_REGISTRY_WRONG_CONTENT",
      `${reference.registry} served other content than ${reference.digest}`,
    );
  }
  const declared = (response.headers["content-type"] ?? "").split(";")[0]!.trim();
  const inside = parsed<{ mediaType?: string }>(bytes, reference).mediaType;
  return { mediaType: inside ?? declared, digest, bytes };
}

/**
 * An image for a platform as a lazy view: manifest and config are read now, layers when somebody opens them. An index is resolved.
 * @throws UserError when there is no such image or none for the platform.
 */
export async function pullImage(session: Session, reference: Reference, platform: Platform): Promise<Image> {
  let found = await fetchManifest(session, reference);
  if (found === null) {
    throw new UserError("IAPP_IMAGE_NOT_FOUND", `there is no image ${formatReference(reference)}`, {
      remedy: "Check the name and tag, and that you are logged in if it is private.",
    });
  }
  if (INDEX_TYPES.includes(found.mediaType as never)) {
    const { manifests } = parsed<ImageIndex>(found.bytes, reference, "manifests");
    const chosen = choose(manifests, platform);
    if (chosen === undefined) {
      const offered = manifests.map(({ platform: p }) => `${p?.os}/${p?.architecture}`).join(", ");
      throw new UserError(
        "IAPP_IMAGE_PLATFORM",
        `${formatReference(reference)} has no image for ${platform.os}/${platform.architecture}`,
        {
          remedy: `It is offered for ${offered}.`,
        },
      );
    }
    found = await fetchManifest(session, { ...reference, tag: null, digest: chosen.digest });
    if (found === null)
      throw new OperationError(
        "IAPP_REGISTRY_INCOMPLETE",
        `${reference.registry} lacks a manifest that its index names`,
      );
  }
  if (!MANIFEST_TYPES.includes(found.mediaType as never)) {
    throw new UserError("IAPP_IMAGE_TYPE", `${formatReference(reference)} is no container image (${found.mediaType})`);
  }
  const manifest = parsed<Manifest>(found.bytes, reference, "config", "layers");
  const configBytes = await fetchBlob(session, reference, manifest.config);
  const config = parsed<ImageConfig>(configBytes, reference, "rootfs");
  const notes = (config.history ?? []).filter(({ empty_layer }) => empty_layer !== true);
  const layers = manifest.layers.map(
    (descriptor, i): Layer => ({
      descriptor,
      diffId: config.rootfs.diff_ids[i]!,
      note: notes[i]?.comment || "base",
      origin: { registry: reference.registry, repository: reference.repository },
      open: () => openBlob(session, reference, descriptor),
    }),
  );
  return { manifest, manifestBytes: found.bytes, digest: found.digest, config, configBytes, layers };
}

function choose(manifests: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  const fits = manifests.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  return fits.find(({ platform }) => platform?.variant === wanted.variant) ?? fits[0];
}

/** A small blob in memory, checked. */
export async function fetchBlob(session: Session, reference: Reference, descriptor: Descriptor): Promise<Buffer> {
  const stream = await openBlob(session, reference, descriptor);
  return readBytes({ stream, url: { host: reference.registry } }, MOST_MANIFEST);
}

/** A JSON document of a registry that has these fields. */
function parsed<T extends object>(bytes: Buffer, reference: Reference, ...fields: (keyof T)[]): T {
  let document: T | null = null;
  try {
    document = JSON.parse(bytes.toString()) as T | null;
  } catch {
    // Told below.
  }
  if (typeof document === "object" && document !== null) {
    const sound = document;
    if (fields.every((field) => typeof sound[field] === "object")) return sound;
  }
  throw new OperationError(
    "IAPP_REGISTRY_NO_MANIFEST",
    `${reference.registry} answered ${formatReference(reference)} with something else than a manifest`,
    { remedy: "Check that this is the address of a container registry." },
  );
}

/** A blob's bytes as they come. The stream fails at its end when the bytes are not what the digest says. */
export async function openBlob(session: Session, reference: Reference, descriptor: Descriptor): Promise<Readable> {
  const response = await session.ask({
    method: "GET",
    target: `${reference.repository}/blobs/${descriptor.digest}`,
    headers: { accept: `${descriptor.mediaType}, ${MediaType.layer}, */*` },
    scope: `repository:${reference.repository}:pull`,
  });
  if (response.status !== 200) throw await refused(response, `reading ${descriptor.digest}`, reference.registry);
  const check = new DigestStream();
  const end = check._flush?.bind(check);
  check._flush = (done) => {
    if (check.size !== descriptor.size || check.digest !== descriptor.digest) {
      done(
        new OperationError(
          "IAPP_REGISTRY_WRONG_CONTENT",
          `${reference.registry} served other content than ${descriptor.digest}`,
          { retryable: true },
        ),
      );
    } else if (end === undefined) done();
    else end(done);
  };
  response.stream.once("error", (cause) => check.destroy(cause));
  response.stream.once("aborted", () =>
    check.destroy(
      new OperationError("IAPP_REGISTRY_CUT", `${reference.registry} cut the connection`, { retryable: true }),
    ),
  );
  return response.stream.pipe(check);
}
