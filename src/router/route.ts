/** One version of the service behind the router. */
export interface RouteVersion {
  /** `v1`, `v2`, ...: the value of the `X-Iapp-Version` header and of the `version` label. */
  name: string;
  color: string | null;
  /** Share of new requests in thousandths. Zero is zero: such a version is reached only by naming it. */
  weight: number;
  /** `host:port` of each live process. Empty while none is ready. */
  endpoints: string[];
}

export interface RouteLimits {
  /** Time for a client to send its request line and headers. */
  header_ms: number;
  /** Time for a client to send a whole request. */
  request_ms: number;
  /** An idle keep-alive connection is closed after this. */
  idle_ms: number;
  /** Silence of the scoring service (or of a reading client) in the middle of a request. */
  upstream_ms: number;
  connect_ms: number;
  /** Open client connections. */
  connections: number;
  /** Size of all request headers together; read when the router starts. */
  header_bytes: number;
}

/** When the router takes a new version out by itself. */
export interface RouteGuard {
  version: string;
  /** Gets its share then. */
  fallback: string;
  /** Failures in a row from the first request on; three times as many once it has succeeded. */
  in_row: number;
  /** Share of failures among this many last requests. */
  window: number;
  share: number;
}

/** Copies of requests to a version that gets none of its own, to compare the answers. */
export interface RouteMirror {
  /** Answers the client. */
  from: string;
  /** Gets the copy; nobody sees its answer. */
  to: string;
  /** Share of the requests that may be repeated, in thousandths. */
  share: number;
  /** Larger requests, and larger answers, are not copied. */
  body_bytes: number;
  /** Copies that may wait. */
  queue: number;
  /** Share of the copies that `from` is asked once more, in thousandths. */
  sample_again: number;
}

/** The same client gets the same version: by a hash of what it sends. */
export interface RouteSticky {
  /** The value of a header, or of a cookie, names the client; without it the weights decide. */
  by: "header" | "cookie";
  name: string;
  /** The same for all rollouts of an app. */
  salt: string;
  /** As its weight grows it only gains clients. */
  to: string;
}

/** What the router does, in one document. Whoever changes it writes the whole file anew with a higher generation. */
export interface RouteDocument {
  schema: "iapp.route/1";
  generation: number;
  versions: RouteVersion[];
  /** How long requests in flight may take when the router itself stops. */
  drain_ms: number;
  limits: RouteLimits;
  guard: RouteGuard | null;
  mirror?: RouteMirror;
  sticky?: RouteSticky;
}

/** Four in a row: a version that always fails costs its users that many requests, and what is in flight meanwhile. */
export const DEFAULT_GUARD = { in_row: 4, window: 40, share: 0.5 };

export const DEFAULT_MIRROR = { share: 1000, body_bytes: 131_072, queue: 64, sample_again: 20 };

export const DEFAULT_LIMITS: RouteLimits = {
  header_ms: 10_000,
  request_ms: 300_000,
  idle_ms: 75_000,
  upstream_ms: 120_000,
  connect_ms: 2_000,
  connections: 4096,
  header_bytes: 16_384,
};

export const DEFAULT_DRAIN_MS = 30_000;
/** The sum of all weights. */
export const WHOLE = 1000;

/** An empty route: every request is answered with 503. */
export const EMPTY_ROUTE: RouteDocument = {
  schema: "iapp.route/1",
  generation: 0,
  versions: [],
  drain_ms: DEFAULT_DRAIN_MS,
  limits: DEFAULT_LIMITS,
  guard: null,
};

/**
 * Reads a route document. Throws an Error with one sentence when it is not sound: a router that cannot be sure keeps what it has.
 * Left out `drain_ms`, `limits` or single limits take their defaults.
 */
export function parseRoute(text: string): RouteDocument {
  const raw = JSON.parse(text) as Partial<RouteDocument> | null;
  if (raw === null || typeof raw !== "object") throw new Error("the route is not an object");
  if (raw.schema !== "iapp.route/1") throw new Error(`the route has schema ${JSON.stringify(raw.schema ?? null)}`);
  const { generation } = raw;
  if (!isCount(generation)) throw new Error("generation is not a whole number");
  if (!Array.isArray(raw.versions)) throw new Error("versions is not a list");
  const versions = raw.versions.map(parseVersion);
  if (new Set(versions.map(({ name }) => name)).size !== versions.length) throw new Error("a version is named twice");
  const sum = versions.reduce((total, { weight }) => total + weight, 0);
  if (versions.length > 0 && sum !== WHOLE) throw new Error(`the weights add up to ${sum}, not ${WHOLE}`);
  const drain = raw.drain_ms ?? DEFAULT_DRAIN_MS;
  if (!isCount(drain)) throw new Error("drain_ms is not a whole number");
  const limits = parseLimits(raw.limits ?? {});
  const guard = parseGuard(raw.guard ?? null, versions);
  return {
    schema: "iapp.route/1",
    generation,
    versions,
    drain_ms: drain,
    limits,
    guard,
    ...(raw.mirror == null ? {} : { mirror: parseMirror(raw.mirror, versions) }),
    ...(raw.sticky == null ? {} : { sticky: parseSticky(raw.sticky, versions) }),
  };
}

function parseMirror(raw: Partial<RouteMirror>, versions: readonly RouteVersion[]): RouteMirror {
  const mirror = { ...DEFAULT_MIRROR, ...raw };
  const known = (name: string | undefined): boolean => versions.some((version) => version.name === name);
  if (!known(mirror.from) || !known(mirror.to) || mirror.from === mirror.to) {
    throw new Error("the mirror does not name two versions of the route");
  }
  const counts = [mirror.share, mirror.body_bytes, mirror.queue, mirror.sample_again];
  if (!counts.every(isCount) || mirror.share > WHOLE || mirror.sample_again > WHOLE) {
    throw new Error("the mirror's bounds are not sound");
  }
  return mirror as RouteMirror;
}

function parseSticky(raw: Partial<RouteSticky>, versions: readonly RouteVersion[]): RouteSticky {
  const { by, name, salt, to } = raw;
  const token = typeof name === "string" && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name);
  const sound = (by === "header" || by === "cookie") && token && typeof salt === "string";
  if (!sound || !versions.some((version) => version.name === to)) throw new Error("sticky is not sound");
  return { by, name, salt, to: to! };
}

function parseGuard(raw: Partial<RouteGuard> | null, versions: readonly RouteVersion[]): RouteGuard | null {
  if (raw === null) return null;
  const guard = { ...DEFAULT_GUARD, ...raw };
  const known = (name: string | undefined): boolean => versions.some((version) => version.name === name);
  if (!known(guard.version) || !known(guard.fallback) || guard.version === guard.fallback) {
    throw new Error("the guard does not name two versions of the route");
  }
  const sound = isCount(guard.in_row) && guard.in_row > 0 && isCount(guard.window) && guard.window > 0;
  if (!sound || !(guard.share > 0 && guard.share <= 1)) throw new Error("the guard's bounds are not sound");
  return guard as RouteGuard;
}

function parseVersion(version: Partial<RouteVersion>): RouteVersion {
  const { name, weight, endpoints } = version;
  if (typeof name !== "string" || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    throw new Error(`${JSON.stringify(name ?? null)} is not a version name`);
  }
  if (!isCount(weight) || weight > WHOLE) throw new Error(`the weight of ${name} is not within 0 to ${WHOLE}`);
  if (!Array.isArray(endpoints) || !endpoints.every(isEndpoint)) {
    throw new Error(`the endpoints of ${name} are not a list of host:port`);
  }
  return { name, color: typeof version.color === "string" ? version.color : null, weight, endpoints };
}

function parseLimits(raw: Partial<RouteLimits>): RouteLimits {
  const limits = { ...DEFAULT_LIMITS };
  for (const key of Object.keys(limits) as (keyof RouteLimits)[]) {
    const value = raw[key];
    if (value === undefined) continue;
    if (!isCount(value) || value === 0) throw new Error(`limits.${key} is not a positive whole number`);
    limits[key] = value;
  }
  return limits;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isEndpoint(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const match = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(value);
  return match !== null && Number(match[1]) > 0 && Number(match[1]) < 65_536;
}

/** Host and port of an endpoint that `parseRoute` has accepted. */
export function splitEndpoint(endpoint: string): { host: string; port: number } {
  const colon = endpoint.lastIndexOf(":");
  return { host: endpoint.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(endpoint.slice(colon + 1)) };
}
