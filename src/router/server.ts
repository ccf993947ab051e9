import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { EvidenceEpoch, RouterEvidence } from "../core/evidence.js";
import { rawError, sendError } from "./answer.js";
import { VersionChooser } from "./choice.js";
import { EpochLog } from "./epochs.js";
import { type Exchange, type ForwardParts, forward } from "./forward.js";
import { Guard } from "./guard.js";
import { forcedVersion, requestId } from "./headers.js";
import { RouterMetrics } from "./metrics.js";
import { Mirror } from "./mirror.js";
import { isScoring } from "./predictions.js";
import { EMPTY_ROUTE, parseRoute, type RouteDocument } from "./route.js";
import { SAMPLE_BYTES, Sampler } from "./sampler.js";
import { clientKey } from "./sticky.js";
import { Tap } from "./tap.js";
import { UpstreamPool } from "./upstream.js";

/** One finished request, for the log. */
export interface AccessRecord {
  id: string;
  method: string;
  path: string;
  version: string | null;
  /** Null: the client left before the answer. */
  status: number | null;
  ms: number;
}

export interface RouterOptions {
  host: string;
  port: number;
  /** Size of all headers of a request together. */
  headerBytes?: number;
  onAccess?: (record: AccessRecord) => void;
  /** The guard has taken a version out. */
  onGuard?: (version: string, reason: string) => void;
  now?: () => number;
}

/** What `/-/iapp/router` answers. */
export interface RouterStatus {
  schema: "iapp.router-status/1";
  generation: number;
  /** Why the newest route document is not applied, or null. */
  problem: string | null;
  draining: boolean;
  connections: number;
  in_flight: number;
  /** By `host:port`, also of processes that have left the route. */
  in_flight_at: Record<string, number>;
  versions: { name: string; color: string | null; weight: number; endpoints: string[]; in_flight: number }[];
  counts: ReturnType<RouterMetrics["counts"]>;
}

/** The weighted HTTP router in front of scoring. `apply` changes where new requests go; nothing is ever reloaded. */
export class Router {
  readonly metrics = new RouterMetrics();
  readonly #chooser = new VersionChooser(EMPTY_ROUTE);
  readonly #parts: ForwardParts;
  readonly #server: Server;
  readonly #options: RouterOptions;
  readonly #now: () => number;
  #problem: string | null = null;
  /** Of the newest route as it was read, whatever the guard has done since. */
  #weights = "";
  #draining = false;
  readonly #epochs = new EpochLog();
  readonly #guard = new Guard();
  readonly #mirror: Mirror;
  readonly #sampler = new Sampler();
  #diverted: RouterEvidence["guard"] = null;
  readonly #open = new Set<ServerResponse>();
  #connections = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#mirror = new Mirror(this.#chooser);
    this.#parts = { chooser: this.#chooser, metrics: this.metrics, pool: new UpstreamPool() };
    this.#server = createServer({
      maxHeaderSize: options.headerBytes ?? EMPTY_ROUTE.limits.header_bytes,
      connectionsCheckingInterval: 1000,
    });
    this.#server.on("request", (req, res) => void this.#handle(req, res));
    this.#server.on("upgrade", (req, socket) => this.#refuseSwitch(req, socket, "upgrades are not supported here"));
    this.#server.on("connect", (req, socket) => this.#refuseSwitch(req, socket, "this is no forward proxy"));
    this.#server.on("clientError", (error, socket) => this.#broken(error, socket));
    this.#server.on("drop", () => this.metrics.refuse("connections"));
    this.#server.on("connection", (socket) => {
      this.#connections += 1;
      socket.once("close", () => {
        this.#connections -= 1;
      });
    });
    this.#applyLimits(EMPTY_ROUTE);
  }

  /** Reads a route document. What is unsound or older than what is applied is not taken; `status().problem` says why. */
  read(text: string): boolean {
    try {
      const route = parseRoute(text);
      const { generation } = this.#chooser.route;
      if (route.generation < generation) throw new Error(`generation ${route.generation} is older than ${generation}`);
      const weights = weightsOf(route);
      // What was counted under a generation must have been shared out by one set of weights.
      if (route.generation === generation && generation > 0 && weights !== this.#weights) {
        throw new Error(`the weights of generation ${generation} were changed; others need a higher generation`);
      }
      this.#weights = weights;
      this.#problem = null;
      // The same route read once more, perhaps with other processes, must not undo what the guard has done.
      if (route.generation === generation && this.#diverted !== null) {
        this.#chooser.update(withWeights(route, this.#chooser.route));
        this.#mirror.apply(route);
        return true;
      }
      this.#applyLimits(route);
      this.#chooser.update(route);
      this.#epochs.apply(route);
      this.#mirror.apply(route);
      this.#guard.apply(route.guard, route.generation);
      this.#diverted = null;
      return true;
    } catch (error) {
      this.#problem = (error as Error).message;
      return false;
    }
  }

  /** What a rollout reads: counts by version and set of weights, and what the guard did. */
  evidence(): RouterEvidence {
    return this.#epochs.report(this.#chooser.route.generation, this.#mirror.report(), this.#diverted);
  }

  /** Notes how a request ended that the weights have given away. */
  #count(epoch: EvidenceEpoch, version: string, status: number | null, seconds: number): void {
    this.#epochs.end(epoch, version, status, seconds);
    const { guard } = this.#chooser.route;
    if (status === null || guard === null || this.#diverted !== null || epoch !== this.#epochs.current) return;
    const reason = this.#guard.outcome(version, status >= 500);
    if (reason === null) return;
    this.#diverted = { version: guard.version, reason, at_ms: Date.now() };
    this.#chooser.divert(guard.version, guard.fallback);
    this.#epochs.apply(this.#chooser.route);
    this.#options.onGuard?.(guard.version, reason);
  }

  get route(): RouteDocument {
    return this.#chooser.route;
  }

  status(): RouterStatus {
    const { generation, versions } = this.#chooser.route;
    return {
      schema: "iapp.router-status/1",
      generation,
      problem: this.#problem,
      draining: this.#draining,
      connections: this.#connections,
      in_flight: this.metrics.inFlight(),
      in_flight_at: this.metrics.inFlightAt(),
      versions: versions.map((version) => ({ ...version, in_flight: this.metrics.inFlight(version.name) })),
      counts: this.metrics.counts(),
    };
  }

  /** Resolves with the port. Rejects with the system's error when the port cannot be had. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host: this.#options.host, port: this.#options.port, backlog: 1024 }, () => {
        this.#server.off("error", reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Answers as ever, but each connection ends with its next answer, and `readyz` says no: clients come back to another router. */
  leave(): void {
    this.#draining = true;
    for (const res of this.#open) res.shouldKeepAlive = false;
  }

  /** No new connection; what is in flight has `drainMs` to end; then all is closed. Resolves with the number of requests cut off. */
  async drain(drainMs = this.#chooser.route.drain_ms): Promise<number> {
    this.leave();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainMs);
    });
    await Promise.race([closed, late]);
    clearTimeout(timer);
    const cut = this.metrics.inFlight();
    this.#mirror.close();
    this.#server.closeAllConnections();
    this.#parts.pool.destroy();
    await closed;
    return cut;
  }

  #applyLimits({ limits }: RouteDocument): void {
    this.#server.headersTimeout = limits.header_ms;
    this.#server.requestTimeout = limits.request_ms;
    this.#server.keepAliveTimeout = limits.idle_ms;
    this.#server.maxConnections = limits.connections;
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const started = this.#now();
    const id = requestId(req.rawHeaders);
    if (this.#draining) res.shouldKeepAlive = false;
    this.#open.add(res);
    const forced = forcedVersion(req.rawHeaders);
    const epoch = forced === undefined ? this.#epochs.current : undefined;
    const { sticky } = this.#chooser.route;
    const client = sticky === undefined ? undefined : clientKey(req.rawHeaders, sticky);
    const choice = this.#chooser.choose(forced, client);
    const path = pathOnly(req.url);
    let version: string | null = null;
    let status: number | null;
    if (choice.kind === "version") {
      version = choice.version.name;
      this.metrics.begin(version);
      const watched = epoch === undefined ? null : this.#watch(req, path, version);
      const exchange: Exchange = { id, version, client: req.socket.remoteAddress ?? "unknown" };
      if (watched !== null) exchange.tap = watched.tap;
      status = await forward(req, res, exchange, this.#parts);
      const seconds = (this.#now() - started) / 1000;
      this.metrics.end(version, status, seconds);
      if (epoch !== undefined) this.#count(epoch, version, status, seconds);
      if (epoch !== undefined && watched !== null && status !== null) {
        const { tap, copied, sampled } = watched;
        // The client has its answer; others are not held up by what is done with it.
        if (copied) this.#mirror.offer(req, path, id, status, tap);
        if (sampled && status === 200 && tap.answer !== null) this.#epochs.answered(epoch, version, tap.answer);
      }
    } else if (choice.kind === "unknown") {
      status = 404;
      this.metrics.refuse("unknown_version");
      const versions = this.#chooser.route.versions.map(({ name }) => name);
      const message = "X-Iapp-Version names a version that does not run";
      sendError(res, { status, code: "unknown_version", message, id, details: { versions } });
    } else {
      status = 503;
      this.metrics.refuse("no_version");
      sendError(res, { status, code: "no_version", message: "no version is being served yet", id, retryAfter: 1 });
    }
    this.#open.delete(res);
    // An answer that was on its way when draining began has left its connection open.
    if (this.#draining && !this.#server.listening) setImmediate(() => this.#server.closeIdleConnections());
    this.#options.onAccess?.({ id, method: req.method ?? "", path, version, status, ms: this.#now() - started });
  }

  /** Whether what this request and its answer say is looked at, and for what. */
  #watch(req: IncomingMessage, path: string, version: string): { tap: Tap; copied: boolean; sampled: boolean } | null {
    const copied = this.#mirror.takes(req, path, version);
    const sampled =
      this.#chooser.route.versions.length > 1 &&
      isScoring(req.method ?? "", path) &&
      this.#sampler.takes(version, this.#now());
    if (!copied && !sampled) return null;
    return { tap: new Tap(copied ? this.#mirror.bodyBytes : SAMPLE_BYTES, copied), copied, sampled };
  }

  #refuseSwitch(req: IncomingMessage, socket: Duplex, message: string): void {
    this.metrics.refuse("upgrade");
    socket.on("error", () => undefined);
    socket.end(
      rawError({ status: 501, code: "not_supported", message, id: requestId(req.rawHeaders) }, "Not Implemented"),
    );
  }

  #broken(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, code, message] =
      error.code === "HPE_HEADER_OVERFLOW"
        ? ([431, "headers_too_large", "the request's headers are too large"] as const)
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? ([408, "request_timeout", "the request did not arrive in time"] as const)
          : ([400, "malformed", "this is not a well-formed HTTP request"] as const);
    this.metrics.refuse(code);
    socket.end(rawError({ status, code, message, id: requestId([]) }, STATUS_CODES[status] ?? ""), () =>
      socket.destroy(),
    );
  }
}

function pathOnly(url = "/"): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

function weightsOf({ versions }: RouteDocument): string {
  return JSON.stringify(versions.map(({ name, weight }) => [name, weight]));
}

/** A route's processes with another one's weights. */
function withWeights(route: RouteDocument, weights: RouteDocument): RouteDocument {
  const versions = route.versions.map((version) => {
    const weight = weights.versions.find(({ name }) => name === version.name)?.weight ?? version.weight;
    return { ...version, weight };
  });
  return { ...route, versions };
}
