import { Readable, Transform } from "node:stream";
import { OperationError } from "../core/errors.js";
import type { Digest } from "../image/digest.js";
import type { Image } from "../image/image.js";
import type { Layer } from "../image/layer.js";
import { formatReference, pinned, type Reference } from "../image/reference.js";
import { refused } from "./failure.js";
import { pause, retryAfter, type Session } from "./session.js";
import type { WireResponse } from "./transport.js";

export type PushStep = "exists" | "mounted" | "sent";

export interface PushProgress {
  digest: Digest;
  note: string;
  size: number;
  /** Bytes sent so far of this blob. */
  sent: number;
  /** Set when the blob is done. */
  step?: PushStep;
}

export interface PushResult {
  /** `registry/repository@sha256:...` */
  reference: string;
  digest: Digest;
  /** Bytes of blobs that travelled; what the registry had already counts nothing. */
  sentBytes: number;
  steps: Record<PushStep, number>;
}

interface Blob {
  digest: Digest;
  size: number;
  note: string;
  open: () => Promise<Readable>;
  origin?: Layer["origin"];
}

const PARALLEL = 3;
const ATTEMPTS = 5;

/** Sends an image: layers and config that the registry lacks, then the manifest by digest, and the tag last. */
export async function pushImage(
  session: Session,
  reference: Reference,
  image: Image,
  progress: (update: PushProgress) => void = () => undefined,
): Promise<PushResult> {
  const blobs = new Map<Digest, Blob>();
  for (const { descriptor, note, open, origin } of image.layers) {
    blobs.set(descriptor.digest, {
      digest: descriptor.digest,
      size: descriptor.size,
      note,
      open,
      ...(origin === undefined ? {} : { origin }),
    });
  }
  const { digest: configDigest, size } = image.manifest.config;
  blobs.set(configDigest, {
    digest: configDigest,
    size,
    note: "config",
    open: async () => streamOf(image.configBytes),
  });

  const steps: Record<PushStep, number> = { exists: 0, mounted: 0, sent: 0 };
  let sentBytes = 0;
  const queue = [...blobs.values()];
  const worker = async (): Promise<void> => {
    for (let blob = queue.shift(); blob !== undefined; blob = queue.shift()) {
      const step = await pushBlob(session, reference, blob, progress);
      steps[step] += 1;
      if (step === "sent") sentBytes += blob.size;
      progress({ digest: blob.digest, note: blob.note, size: blob.size, sent: blob.size, step });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  for (const name of [image.digest, ...(reference.tag === null ? [] : [reference.tag])]) {
    await putManifest(session, reference, name, image.manifest.mediaType, image.manifestBytes);
  }
  return { reference: pinned(reference, image.digest), digest: image.digest, sentBytes, steps };
}

/** Stores a manifest or index under a tag or its digest. Resolves with the answer's headers. */
export async function putManifest(
  session: Session,
  reference: Reference,
  name: string,
  mediaType: string,
  bytes: Buffer,
): Promise<WireResponse["headers"]> {
  const response = await session.ask({
    method: "PUT",
    target: `${reference.repository}/manifests/${name}`,
    headers: { "content-type": mediaType },
    body: { size: bytes.length, open: async () => streamOf(bytes) },
    scope: pushScope(reference),
  });
  if (response.status !== 201 && response.status !== 200) {
    throw await refused(
      response,
      `storing the manifest ${formatReference({ ...reference, digest: null })}`,
      reference.registry,
    );
  }
  response.stream.resume();
  return response.headers;
}

/** Sends one blob unless the registry has it or can take it from another of its repositories. */
export async function pushBlob(
  session: Session,
  reference: Reference,
  blob: Blob,
  progress: (update: PushProgress) => void,
): Promise<PushStep> {
  if (await hasBlob(session, reference, blob.digest)) return "exists";
  for (let attempt = 1; ; attempt++) {
    try {
      const upload = await begin(session, reference, blob);
      if (upload === null) return "mounted";
      await send(session, reference, blob, upload, progress);
      return "sent";
    } catch (error) {
      if (!(error instanceof OperationError) || !error.retryable || attempt >= ATTEMPTS) throw error;
      await pause((session.options.backoff ?? 500) * 2 ** (attempt - 1), session.options.signal);
      // The answer to the last byte may have been lost, not the bytes.
      if (await hasBlob(session, reference, blob.digest)) return "sent";
    }
  }
}

async function hasBlob(session: Session, reference: Reference, digest: Digest): Promise<boolean> {
  const response = await session.ask({
    method: "HEAD",
    target: `${reference.repository}/blobs/${digest}`,
    scope: pushScope(reference),
  });
  response.stream.resume();
  // Some registries answer 401 or 403 to a HEAD of what is not there; the upload then tells the truth.
  return response.status === 200;
}

/** Where to send the bytes, or null when the registry took the blob from another repository of its own. */
async function begin(session: Session, reference: Reference, blob: Blob): Promise<URL | null> {
  const { origin } = blob;
  const mountable =
    origin !== undefined && origin.registry === reference.registry && origin.repository !== reference.repository;
  const from = mountable ? origin.repository : null;
  const query = from === null ? "" : `?mount=${blob.digest}&from=${encodeURIComponent(from)}`;
  const response = await session.ask({
    method: "POST",
    target: `${reference.repository}/blobs/uploads/${query}`,
    scope: from === null ? pushScope(reference) : `${pushScope(reference)} repository:${from}:pull`,
  });
  response.stream.resume();
  if (response.status === 201) return null;
  if (response.status === 202) return locationOf(response, reference);
  if (from !== null) return begin(session, reference, { ...blob, origin: undefined as never });
  throw await refused(response, `uploading ${blob.note}`, reference.registry);
}

async function send(
  session: Session,
  reference: Reference,
  blob: Blob,
  upload: URL,
  progress: (update: PushProgress) => void,
): Promise<void> {
  // The location may have a query of its own: the digest is added to it.
  const target = new URL(upload);
  target.searchParams.set("digest", blob.digest);
  let sent = 0;
  const response = await session.ask({
    method: "PUT",
    target,
    headers: { "content-type": "application/octet-stream" },
    body: {
      size: blob.size,
      open: async () => {
        sent = 0;
        const counted = new Transform({
          transform(chunk: Buffer, _encoding, done) {
            sent += chunk.length;
            progress({ digest: blob.digest, note: blob.note, size: blob.size, sent });
            done(null, chunk);
          },
        });
        const stream = await blob.open();
        stream.once("error", (cause) => counted.destroy(cause));
        return stream.pipe(counted);
      },
    },
    scope: pushScope(reference),
    once: true,
  });
  if (response.status === 201 || response.status === 204) {
    response.stream.resume();
    return;
  }
  const wait = retryAfter(response);
  const error = await refused(response, `uploading ${blob.note}`, reference.registry);
  if (error.retryable && wait !== null) await pause(Math.min(wait, 60_000), session.options.signal);
  // An upload that the registry forgot is begun again.
  if (response.status === 404 || response.status === 416)
    throw new OperationError(error.code, error.message, { retryable: true, data: error.data });
  throw error;
}

function locationOf(response: WireResponse, reference: Reference): URL {
  const { location } = response.headers;
  if (location === undefined) {
    throw new OperationError("IAPP_REGISTRY_PROTOCOL", `${reference.registry} accepts an upload without saying where`);
  }
  return new URL(location, response.url);
}

const pushScope = (reference: Reference): string => `repository:${reference.repository}:pull,push`;

export function streamOf(bytes: Buffer): Readable {
  return Readable.from([bytes], { objectMode: false });
}
