import { Agent, type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { sendError } from "./answer.js";
import type { VersionChooser } from "./choice.js";
import { requestHeaders, responseHeaders } from "./headers.js";
import type { RouterMetrics } from "./metrics.js";
import { splitEndpoint } from "./route.js";
import type { Tap } from "./tap.js";

/** Shorter than any server's own keep-alive time (uvicorn: 5 s), so that the service never closes a connection just being used. */
const POOLED_MS = 1500;

/** Connections to the scoring processes, kept between requests. */
export function createPool(): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 512, scheduling: "lifo" });
  agent.on("free", (socket: Socket) => socket.setTimeout(POOLED_MS));
  return agent;
}

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
  pool: Agent;
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
      const upstream = await connect(req, endpoint, exchange, parts);
      if (gone) {
        upstream?.destroy();
        return null;
      }
      if (upstream !== null) return await pass(req, res, upstream, exchange, chooser.route.limits.upstream_ms);
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

/** A request whose connection stands, with nothing of the body sent yet; null when there is no connection. */
function connect(
  req: IncomingMessage,
  endpoint: string,
  exchange: Exchange,
  { chooser, pool }: ForwardParts,
): Promise<ClientRequest | null> {
  const { host, port } = splitEndpoint(endpoint);
  const chunked = req.headers["transfer-encoding"] !== undefined;
  const headers = requestHeaders(req.rawHeaders, { ...exchange, endpoint, chunked });
  return new Promise((resolve) => {
    const upstream = request({ host, port, method: req.method, path: pathOf(req), headers, agent: pool });
    const done = (result: ClientRequest | null): void => {
      clearTimeout(timer);
      upstream.off("error", fail);
      // Whoever gives it up, here or because the client has left, does not want to hear of it: unheard it would end the process.
      upstream.on("error", () => undefined);
      if (result === null) upstream.destroy();
      resolve(result);
    };
    const fail = (): void => done(null);
    const timer = setTimeout(fail, chooser.route.limits.connect_ms);
    upstream.once("error", fail);
    upstream.once("socket", (socket) => {
      if (!socket.connecting) return done(upstream);
      socket.once("connect", () => done(upstream));
    });
  });
}

/** The path and query; an absolute-form target (`GET http://host/path`) is reduced to them. */
function pathOf(req: IncomingMessage): string {
  const target = req.url ?? "/";
  if (target.startsWith("/") || target === "*") return target;
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(target);
  const path = match?.[1] ?? "/";
  return path.startsWith("/") ? path : `/${path}`;
}

function pass(
  req: IncomingMessage,
  res: ServerResponse,
  upstream: ClientRequest,
  exchange: Exchange,
  silence: number,
): Promise<number | null> {
  return new Promise((resolve) => {
    let status: number | null = null;
    let timedOut = false;
    let broken = false;

    upstream.setTimeout(silence, () => {
      timedOut = true;
      upstream.destroy();
    });
    res.once("close", () => {
      if (!res.writableFinished) {
        // The client left: the service need not go on.
        upstream.destroy();
        resolve(broken ? 502 : null);
      } else resolve(status ?? res.statusCode);
    });
    upstream.on("error", () => {
      // Behind the first byte of the answer only the broken connection can tell that it is not whole.
      if (res.headersSent) return;
      req.unpipe(upstream);
      sendError(res, {
        status: timedOut ? 504 : 502,
        code: timedOut ? "upstream_timeout" : "upstream_failed",
        message: timedOut
          ? `${exchange.version} did not answer within ${silence} ms`
          : `${exchange.version} closed the connection before it answered`,
        id: exchange.id,
      });
    });
    upstream.once("response", (answer) => {
      status = answer.statusCode ?? 502;
      const headers = responseHeaders(answer.rawHeaders, exchange);
      // An answer that comes before the end of the request ends the connection: what is left of the body has no reader.
      if (!req.complete) headers.push("Connection", "close");
      res.writeHead(status, answer.statusMessage, headers);
      let moved = false;
      answer.once("data", () => {
        moved = true;
      });
      setImmediate(() => {
        if (!moved && !res.writableEnded) res.flushHeaders();
      });
      exchange.tap?.watchAnswer(answer);
      answer.pipe(res);
      answer.once("close", () => {
        if (answer.complete) return;
        broken = true;
        res.destroy();
      });
      answer.once("end", () => {
        req.unpipe(upstream);
        req.resume();
        if (!upstream.writableFinished) upstream.destroy();
      });
    });
    req.once("aborted", () => upstream.destroy());
    exchange.tap?.watchRequest(req);
    req.pipe(upstream);
  });
}
