import type { IncomingMessage, ServerResponse } from "node:http";
import { sendError } from "./answer.js";
import type { VersionChooser } from "./choice.js";
import { requestHeaders, responseHeaders } from "./headers.js";
import type { RouterMetrics } from "./metrics.js";
import type { Tap } from "./tap.js";
import type { Upstream, UpstreamPool } from "./upstream.js";

/** Answers up to this many bytes are worth a copy to save a call of the system. */
const SMALL = 16_384;

export interface Exchange {
  id: string;
  version: string;
  client: string;
  /** Keeps the bodies of both ways. */
  tap?: Tap;
}

export interface ForwardParts {
  chooser: VersionChooser;
  metrics: RouterMetrics;
  pool: UpstreamPool;
}

/**
 * Sends one request to its version and streams the answer back; resolves with the status, or null when the client left first.
 * A connection that cannot be made is tried once more, at the version's next endpoint: nothing of the request has been sent then.
 * Any later failure is told to the client, because the service may have acted on what it was sent.
 */
export async function forward(
  req: IncomingMessage,
  res: ServerResponse,
  exchange: Exchange,
  parts: ForwardParts,
): Promise<number | null> {
  const { chooser, metrics } = parts;
  let gone = false;
  res.once("close", () => {
    gone = !res.writableFinished;
  });
  let failed: string | undefined;
  for (let attempt = 0; attempt < 2; attempt++) {
    const endpoint = chooser.endpoint(exchange.version);
    // With a single endpoint there is no next one.
    if (endpoint === undefined || endpoint === failed) break;
    if (attempt > 0) metrics.retry(exchange.version);
    metrics.beginAt(endpoint);
    try {
      const made = parts.pool.take(endpoint, chooser.route.limits.connect_ms);
      const upstream = made instanceof Promise ? await made : made;
      if (gone) {
        upstream?.destroy();
        return null;
      }
      if (upstream !== null) {
        return await pass(req, res, upstream, endpoint, exchange, chooser.route.limits.upstream_ms);
      }
    } finally {
      metrics.endAt(endpoint);
    }
    metrics.connectFailure(exchange.version);
    failed = endpoint;
  }
  sendError(res, {
    status: 503,
    code: "no_endpoint",
    message: `no process of ${exchange.version} can be reached`,
    id: exchange.id,
    retryAfter: 1,
  });
  return 503;
}

/** The path and query; an absolute-form target (`GET http://host/path`) is reduced to them. */
function pathOf(req: IncomingMessage): string {
  const target = req.url ?? "/";
  if (target.startsWith("/") || target === "*") return target;
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(target);
  const path = match?.[1] ?? "/";
  return path.startsWith("/") ? path : `/${path}`;
}

/** What the service is sent before the body. */
function headOf(req: IncomingMessage, endpoint: string, exchange: Exchange): { head: string; chunked: boolean } {
  const chunked = req.headers["transfer-encoding"] !== undefined;
  const headers = requestHeaders(req.rawHeaders, { ...exchange, endpoint, chunked });
  let head = `${req.method} ${pathOf(req)} HTTP/1.1\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  // Without either there is no body; servers want to hear that where one is usual (RFC 9110, 8.6).
  const usual = req.method === "POST" || req.method === "PUT" || req.method === "PATCH";
  if (usual && !chunked && req.headers["content-length"] === undefined) head += "Content-Length: 0\r\n";
  return { head: `${head}\r\n`, chunked };
}

/** Writes the request's body as it comes, no faster than it is taken. */
function sendBody(req: IncomingMessage, upstream: Upstream, chunked: boolean): void {
  const { socket } = upstream;
  req.on("data", (piece: Buffer) => {
    if (socket.destroyed) return;
    if (chunked) socket.write(`${piece.length.toString(16)}\r\n`, "latin1");
    const ready = socket.write(piece);
    if (chunked) socket.write("\r\n", "latin1");
    if (!ready) req.pause();
  });
  req.once("end", () => {
    if (socket.destroyed) return;
    if (chunked) socket.write("0\r\n\r\n", "latin1");
    upstream.sent();
  });
}

/** Sends the request and streams the answer; resolves as `forward` does. */
function pass(
  req: IncomingMessage,
  res: ServerResponse,
  upstream: Upstream,
  endpoint: string,
  exchange: Exchange,
  silence: number,
): Promise<number | null> {
  return new Promise((resolve) => {
    let status: number | null = null;
    let broken = false;
    let over = false;
    // Pieces of the answer that have come together are written together.
    let waiting: Buffer | null = null;

    const fail = (timedOut: boolean): void => {
      over = true;
      req.resume();
      if (res.headersSent || waiting !== null || status !== null) {
        // Behind the first byte of the answer only the broken connection can tell that it is not whole.
        broken = true;
        res.destroy();
        return;
      }
      sendError(res, {
        status: timedOut ? 504 : 502,
        code: timedOut ? "upstream_timeout" : "upstream_failed",
        message: timedOut
          ? `${exchange.version} did not answer within ${silence} ms`
          : `${exchange.version} closed the connection before it answered`,
        id: exchange.id,
      });
    };
    const flush = (): void => {
      if (waiting === null) return;
      const piece = waiting;
      waiting = null;
      if (!res.write(piece)) upstream.socket.pause();
    };
    res.once("close", () => {
      if (!res.writableFinished) {
        // The client left: the service need not go on.
        over = true;
        upstream.destroy();
        resolve(broken ? 502 : null);
      } else resolve(status ?? res.statusCode);
    });
    res.on("drain", () => {
      if (!over) upstream.socket.resume();
    });
    const { head, chunked } = headOf(req, endpoint, exchange);
    upstream.begin(req.method ?? "GET", head, silence, {
      head: (code, reason, raw) => {
        const headers = responseHeaders(raw, exchange);
        // An answer that comes before the end of the request ends the connection: what is left of the body has no reader.
        if (!req.complete) headers.push("Connection", "close");
        res.writeHead(code, reason, headers);
        status = code;
        exchange.tap?.watchAnswer(raw);
      },
      data: (piece) => {
        exchange.tap?.answerPiece(piece);
        flush();
        waiting = piece;
      },
      piece: () => {
        if (over || status === null) return;
        if (waiting !== null) flush();
        else if (!res.writableEnded) res.flushHeaders();
      },
      end: () => {
        over = true;
        const last = waiting;
        waiting = null;
        if (last === null) res.end();
        // As text it goes out in one piece with the headers; every byte is one character of Latin-1.
        else if (last.length <= SMALL) res.end(last.toString("latin1"), "latin1");
        else res.end(last);
        if (!req.complete) upstream.destroy();
        req.resume();
      },
      failed: fail,
      drained: () => req.resume(),
    });
    req.once("aborted", () => {
      if (!over) upstream.destroy();
    });
    exchange.tap?.watchRequest(req);
    sendBody(req, upstream, chunked);
  });
}
