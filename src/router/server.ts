import type { EvidenceEpoch, RouterEvidence } from "../core/evidence.js";
import { type OwnAnswer, sendError } from "./answer.js";
import { type Choice, VersionChooser } from "./choice.js";
import type { ClientAnswer } from "./client-answer.js";
import type { ClientRequest } from "./client-request.js";
import { EpochLog } from "./epochs.js";
import { type ForwardParts, forward } from "./forward.js";
import { Front } from "./front.js";
import { Guard } from "./guard.js";
import { forcedVersion, requestId } from "./headers.js";
import { RouterMetrics } from "./metrics.js";
import { Mirror } from "./mirror.js";
import type { Exchange } from "./passage.js";
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
  readonly #front: Front;
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

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#mirror = new Mirror(this.#chooser);
    this.#parts = { chooser: this.#chooser, metrics: this.metrics, pool: new UpstreamPool() };
    const { limits } = EMPTY_ROUTE;
    const handler = {
      request: (request: ClientRequest, answer: ClientAnswer) => this.#handle(request, answer),
      refused: (reason: string) => this.metrics.refuse(reason),
    };
    this.#front = new Front(handler, options.headerBytes ?? limits.header_bytes, limits);
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
      this.#front.apply(route.limits);
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
      connections: this.#front.connections,
      in_flight: this.metrics.inFlight(),
      in_flight_at: this.metrics.inFlightAt(),
      versions: versions.map((version) => ({ ...version, in_flight: this.metrics.inFlight(version.name) })),
      counts: this.metrics.counts(),
    };
  }

  /** Resolves with the port. Rejects with the system's error when the port cannot be had. */
  listen(): Promise<number> {
    return this.#front.listen(this.#options.host, this.#options.port);
  }

  /** Answers as ever, but each connection ends with its next answer, and `readyz` says no: clients come back to another router. */
  leave(): void {
    this.#draining = true;
    this.#front.leave();
  }

  /** No new connection; what is in flight has `drainMs` to end; then all is closed. Resolves with the number of requests cut off. */
  async drain(drainMs = this.#chooser.route.drain_ms): Promise<number> {
    this.leave();
    const closed = this.#front.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainMs);
    });
    await Promise.race([closed, late]);
    clearTimeout(timer);
    const cut = this.metrics.inFlight();
    this.#mirror.close();
    this.#front.destroy();
    this.#parts.pool.destroy();
    await closed;
    return cut;
  }

  #handle(request: ClientRequest, answer: ClientAnswer): void {
    const started = this.#now();
    const { method, headers } = request;
    const id = requestId(headers);
    const forced = forcedVersion(headers);
    const { sticky } = this.#chooser.route;
    const client = sticky === undefined ? undefined : clientKey(headers, sticky);
    const epoch = forced === undefined ? this.#epochs.current : undefined;
    const choice = this.#chooser.choose(forced, client);
    const path = pathOnly(request.target);
    if (choice.kind === "version") {
      const version = choice.version.name;
      this.metrics.begin(version);
      const watched = epoch === undefined ? null : this.#watch(request, path, version);
      const exchange: Exchange = watched === null ? { id, version } : { id, version, tap: watched.tap };
      forward(request, answer, exchange, this.#parts, (status) => {
        const ms = this.#now() - started;
        this.metrics.end(version, status, ms / 1000);
        if (epoch !== undefined) this.#count(epoch, version, status, ms / 1000);
        if (epoch !== undefined && watched !== null && status !== null) {
          const { tap, copied, sampled } = watched;
          // The client has its answer; others are not held up by what is done with it.
          if (copied) this.#mirror.offer(request, path, id, status, tap);
          if (sampled && status === 200 && tap.answer !== null) this.#epochs.answered(epoch, version, tap.answer);
        }
        this.#options.onAccess?.({ id, method, path, version, status, ms });
      });
      return;
    }
    const own = this.#ownAnswer(choice, id);
    this.metrics.refuse(own.code);
    sendError(answer, own);
    this.#options.onAccess?.({ id, method, path, version: null, status: own.status, ms: this.#now() - started });
  }

  /** What is said where no version is chosen. */
  #ownAnswer(choice: Exclude<Choice, { kind: "version" }>, id: string): OwnAnswer {
    if (choice.kind === "none") {
      return { status: 503, code: "no_version", message: "no version is being served yet", id, retryAfter: 1 };
    }
    const versions = this.#chooser.route.versions.map(({ name }) => name);
    const message = "X-Iapp-Version names a version that does not run";
    return { status: 404, code: "unknown_version", message, id, details: { versions } };
  }

  /** Whether what this request and its answer say is looked at, and for what. */
  #watch(
    request: ClientRequest,
    path: string,
    version: string,
  ): { tap: Tap; copied: boolean; sampled: boolean } | null {
    const copied = this.#mirror.takes(request, path, version);
    const sampled =
      this.#chooser.route.versions.length > 1 &&
      isScoring(request.method, path) &&
      this.#sampler.takes(version, this.#now());
    if (!copied && !sampled) return null;
    return { tap: new Tap(copied ? this.#mirror.bodyBytes : SAMPLE_BYTES, copied), copied, sampled };
  }
}

function pathOnly(url: string): string {
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
