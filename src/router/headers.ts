import { randomUUID } from "node:crypto";

/** A fixed list of names, in whatever spelling. Most others are told apart by their length and first letter, without another string. */
class Names {
  readonly #names: Set<string>;
  /** Room for names of up to 31 letters. */
  readonly #maybe = new Uint8Array(1024);

  constructor(...names: string[]) {
    this.#names = new Set(names);
    for (const name of names) this.#maybe[keyOf(name)] = 1;
  }

  has(name: string): boolean {
    return this.#maybe[keyOf(name)] === 1 && this.#names.has(name.toLowerCase());
  }
}

const keyOf = (name: string): number => 32 * name.length + (name.charCodeAt(0) & 31);

/** RFC 9110, 7.6.1: these speak about one connection and are never passed on. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Written by the router itself on the way to the service, whatever the client said. */
const REQUEST_OWN = [
  "host",
  "expect",
  "x-request-id",
  "x-iapp-version",
  // Only the router may say that a request is a copy: services do not count those.
  "x-iapp-mirror",
  "x-forwarded-for",
  "x-forwarded-host",
];
const OF_REQUEST = new Names(...HOP_BY_HOP, ...REQUEST_OWN);
const OF_COPY = new Names(...HOP_BY_HOP, ...REQUEST_OWN, "content-length");
const OF_ANSWER = new Names(...HOP_BY_HOP, "x-request-id", "x-iapp-version");

/** Names and values in turn, as in Node's `rawHeaders`: order, spelling and repeats are kept. */
export type RawHeaders = readonly string[];

/** The values of a header; repeated headers give several. */
export function valuesOf(raw: RawHeaders, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    // Most differ in their length already.
    const one = raw[i]!;
    if (one.length === name.length && one.toLowerCase() === name) values.push(raw[i + 1]!);
  }
  return values;
}

/**
 * Without the headers in `dropped`, and without those that `Connection` names; but a client that names the length there does not take it
 * away: what it sends as a body would be read as another request.
 */
function endToEnd(raw: RawHeaders, dropped: Names): string[] {
  const named = namedByConnection(raw);
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    if (!dropped.has(name) && named?.has(name.toLowerCase()) !== true) kept.push(name, raw[i + 1]!);
  }
  return kept;
}

function namedByConnection(raw: RawHeaders): Set<string> | null {
  let named: Set<string> | null = null;
  for (const value of valuesOf(raw, "connection")) {
    if (value === "close" || value === "keep-alive") continue;
    named ??= new Set();
    for (const word of value.split(",")) named.add(word.trim().toLowerCase());
    named.delete("content-length");
  }
  return named;
}

export interface RequestFacts {
  id: string;
  version: string;
  /** `host:port` of the process that is asked. */
  endpoint: string;
  client: string;
  /** Has the request a body of unknown length? */
  chunked: boolean;
}

/** What the scoring service is sent. */
export function requestHeaders(raw: RawHeaders, facts: RequestFacts): string[] {
  const before = valuesOf(raw, "x-forwarded-for");
  const host = valuesOf(raw, "host")[0];
  const headers = [
    "Host",
    facts.endpoint,
    ...endToEnd(raw, OF_REQUEST),
    "X-Forwarded-For",
    before.length === 0 ? facts.client : [...before, facts.client].join(", "),
    "X-Request-Id",
    facts.id,
    "X-Iapp-Version",
    facts.version,
  ];
  if (host !== undefined) headers.push("X-Forwarded-Host", host);
  if (facts.chunked) headers.push("Transfer-Encoding", "chunked");
  return headers;
}

/** What a version is sent that gets a copy of a request. */
export function mirrorHeaders(
  raw: RawHeaders,
  { id, version, endpoint, length }: { id: string; version: string; endpoint: string; length: number },
): string[] {
  const own = ["X-Request-Id", id, "X-Iapp-Version", version, "X-Iapp-Mirror", "1"];
  const body = length > 0 ? ["Content-Length", String(length)] : [];
  return ["Host", endpoint, ...endToEnd(raw, OF_COPY), ...own, ...body];
}

/** What the client is sent, besides what concerns its own connection. */
export function responseHeaders(raw: RawHeaders, facts: { id: string; version: string }): string[] {
  return [...endToEnd(raw, OF_ANSWER), "X-Request-Id", facts.id, "X-Iapp-Version", facts.version];
}

/** The client's request id when it is one that may be logged and sent on as it is, else a new one. */
export function requestId(raw: RawHeaders): string {
  const given = valuesOf(raw, "x-request-id");
  return given.length === 1 && /^[\x21-\x7e]{1,128}$/.test(given[0]!) ? given[0]! : randomUUID();
}

/** The version that the client asks for, undefined when it leaves the choice to the weights. */
export function forcedVersion(raw: RawHeaders): string | undefined {
  return valuesOf(raw, "x-iapp-version")[0]?.trim();
}
