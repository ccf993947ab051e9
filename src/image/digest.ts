import { createHash, type Hash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";
import { UserError } from "../core/errors.js";

/** `sha256:<64 hex digits>` (OCI image-spec, descriptor.md "Digests"). */
export type Digest = `sha256:${string}`;

const FORM = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return FORM.test(text);
}

/** Reads a digest from outside. Only sha256 is accepted: every registry uses it and nothing weaker may name content. */
export function parseDigest(text: string, where: string): Digest {
  if (isDigest(text)) return text;
  throw new UserError("IAPP_IMAGE_DIGEST", `${JSON.stringify(text)} is not a sha256 digest`, { where });
}

export function digestOf(data: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** The hex part: the name of a blob in an image layout. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** Passes bytes through, counting and hashing them. */
export class DigestStream extends Transform {
  readonly #hash: Hash = createHash("sha256");
  size = 0;
  #digest: Digest | undefined;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    this.size += chunk.length;
    done(null, chunk);
  }

  /** Once the stream has ended. */
  get digest(): Digest {
    this.#digest ??= `sha256:${this.#hash.digest("hex")}`;
    return this.#digest;
  }
}
