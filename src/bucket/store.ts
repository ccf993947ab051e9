import type { Readable } from "node:stream";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { Connection } from "./connection.js";
import type { ObjectEntry } from "./keys.js";

/** Longest time until a connection is made; an answer may take as long as silence is borne. */
const CONNECT_MS = 10_000;

/** A store that speaks S3: single requests, none of them tried again here. The one importer of Amazon's library. */
export class BucketStore {
  readonly #client: S3Client;

  constructor({ keyId, key, token, region, endpoint }: Connection, silenceMs: number) {
    const sessionToken = token === null ? {} : { sessionToken: token.reveal() };
    this.#client = new S3Client({
      region,
      credentials: { accessKeyId: keyId.reveal(), secretAccessKey: key.reveal(), ...sessionToken },
      // Names of buckets are no host names at stores of one's own.
      ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
      followRegionRedirects: true,
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        requestTimeout: silenceMs,
        throwOnRequestTimeout: true,
        // Whoever reads an object hears first that nothing comes.
        socketTimeout: 2 * silenceMs,
      },
    });
  }

  /** One page of what lies below a prefix. `next` asks for the page behind it. */
  async page(
    bucket: string,
    prefix: string,
    from: string | undefined,
    most: number,
    signal: AbortSignal,
  ): Promise<{ objects: ObjectEntry[]; next: string | undefined }> {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ContinuationToken: from,
      MaxKeys: most,
      // Keys may hold what XML cannot.
      EncodingType: "url",
    });
    const answer = await this.#client.send(command, { abortSignal: signal });
    const encoded = answer.EncodingType === "url";
    const objects = (answer.Contents ?? []).map(({ Key = "", Size = 0 }) => ({
      key: encoded ? decodeURIComponent(Key.replaceAll("+", " ")) : Key,
      size: Size,
    }));
    return { objects, next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined };
  }

  /** An object's bytes as they come, and how many they are to be. */
  async open(bucket: string, key: string, signal: AbortSignal): Promise<{ body: Readable; size: number | undefined }> {
    const command = new GetObjectCommand({ Bucket: bucket, Key: key });
    const answer = await this.#client.send(command, { abortSignal: signal });
    return { body: answer.Body as Readable, size: answer.ContentLength };
  }

  close(): void {
    this.#client.destroy();
  }
}
