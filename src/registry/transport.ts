import { type Agent, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Interrupted, OperationError } from "../core/errors.js";

export interface WireRequest {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  /** Opened anew at every attempt, because a stream can be sent only once. */
  body?: { size: number; open: () => Promise<Readable> };
}

export interface WireResponse {
  status: number;
  headers: IncomingMessage["headers"];
  stream: IncomingMessage;
  url: URL;
}

/** Milliseconds without a byte after which a connection counts as dead. */
const SILENCE = 60_000;

/** Plain requests over kept connections: no redirects, no retries, no credentials of its own. */
export class Transport {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 8 });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 8 });
  constructor(readonly signal?: AbortSignal) {}

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /** Resolves with the head of the answer; the caller reads or destroys `stream`. Rejects with a retryable OperationError when the connection fails. */
  async send(wire: WireRequest): Promise<WireResponse> {
    if (this.signal?.aborted) throw new Interrupted();
    const secure = wire.url.protocol === "https:";
    const agent: Agent = secure ? this.#https : this.#http;
    const headers: Record<string, string> = { "user-agent": "iapp", ...wire.headers };
    if (wire.body !== undefined) headers["content-length"] = String(wire.body.size);
    else if (/^(POST|PUT|PATCH)$/.test(wire.method)) headers["content-length"] = "0";
    const body = await wire.body?.open();
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        body?.destroy();
        reject(this.signal?.aborted ? new Interrupted() : lost(wire, cause));
      };
      const options = {
        method: wire.method,
        headers,
        agent,
        ...(this.signal === undefined ? {} : { signal: this.signal }),
      };
      const outgoing = (secure ? httpsRequest : httpRequest)(wire.url, options, (stream) =>
        resolve({ status: stream.statusCode ?? 0, headers: stream.headers, stream, url: wire.url }),
      );
      outgoing.setTimeout(SILENCE, () => outgoing.destroy(new Error(`no byte for ${SILENCE / 1000} s`)));
      outgoing.once("error", fail);
      if (body === undefined) outgoing.end();
      else pipeline(body, outgoing).catch(fail);
    });
  }
}

function lost(wire: WireRequest, cause: unknown): OperationError {
  const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
  return new OperationError("IAPP_REGISTRY_UNREACHABLE", `${wire.url.host} cannot be reached: ${why}`, {
    cause,
    retryable: true,
    remedy: `Check that ${wire.url.host} is right and reachable from here.`,
  });
}

/** The whole of a small answer as text; more than `limit` bytes is refused, so that no registry can fill the memory. */
export async function readText(response: WireResponse, limit = 8 << 20): Promise<string> {
  return (await readBytes(response, limit)).toString("utf8");
}

/** The bytes of a small answer, or of a blob on its way. */
export async function readBytes(
  response: { stream: Readable; url: { host: string } },
  limit = 8 << 20,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) {
        response.stream.destroy();
        throw new OperationError(
          "IAPP_REGISTRY_TOO_LARGE",
          `${response.url.host} sent more than ${limit} bytes where a document was expected`,
        );
      }
      parts.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof OperationError) throw cause;
    throw new OperationError("IAPP_REGISTRY_CUT", `${response.url.host} cut the connection`, {
      cause,
      retryable: true,
    });
  }
  return Buffer.concat(parts, size);
}
