import { randomUUID } from "node:crypto";

/** RFC 9110, 7.6.1: these speak about one connection and are never passed on. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Written by the router itself on the way to the service, whatever the client said. */
const REQUEST_OWN = new Set([
  "host",
  "expect",
  "x-request-id",
  "x-iapp-version",
  // Only the router may say that a request is a copy: services do not count those.
  "x-iapp-mirror",
  "x-forwarded-for",
  "x-forwarded-host",
]);
const RESPONSE_OWN = new Set(["x-request-id", "x-iapp-version"]);

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

/** Without what concerns one connection only, including what `Connection` names, and without the names in `own`. */
export function endToEnd(raw: RawHeaders, own: ReadonlySet<string>): string[] {
  const connection = valuesOf(raw, "connection");
  const named =
    connection.length === 0
      ? null
      : new Set(connection.flatMap((value) => value.split(",").map((word) => word.trim().toLowerCase())));
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (HOP_BY_HOP.has(name) || named?.has(name) === true || own.has(name)) continue;
    kept.push(raw[i]!, raw[i + 1]!);
  }
  return kept;
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
    ...endToEnd(raw, REQUEST_OWN),
    "X-Forwarded-For",
    [...before, facts.client].join(", "),
    "X-Request-Id",
    facts.id,
    "X-Iapp-Version",
    facts.version,
  ];
  if (host !== undefined) headers.push("X-Forwarded-Host", host);
  if (facts.chunked) headers.push("Transfer-Encoding", "chunked");
  return headers;
}

const COPY_OWN = new Set([...REQUEST_OWN, "content-length"]);

/** What a version is sent that gets a copy of a request. */
export function mirrorHeaders(
  raw: RawHeaders,
  { id, version, endpoint, length }: { id: string; version: string; endpoint: string; length: number },
): string[] {
  const own = ["X-Request-Id", id, "X-Iapp-Version", version, "X-Iapp-Mirror", "1"];
  const body = length > 0 ? ["Content-Length", String(length)] : [];
  return ["Host", endpoint, ...endToEnd(raw, COPY_OWN), ...own, ...body];
}

/** What the client is sent, besides what Node adds for its own connection. */
export function responseHeaders(raw: RawHeaders, facts: { id: string; version: string }): string[] {
  return [...endToEnd(raw, RESPONSE_OWN), "X-Request-Id", facts.id, "X-Iapp-Version", facts.version];
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
