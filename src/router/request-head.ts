import { METHODS } from "node:http";
import { isUnsound, isUnsoundSoFar, readField } from "./fields.js";

/** What a request says before its body. */
export interface RequestHead {
  method: string;
  target: string;
  /** Names and values in turn: order, spelling and repeats are kept. */
  headers: string[];
  /** Bytes of the body; null: it comes in chunks. */
  length: number | null;
  /** HTTP/1.0 knows no chunks and no interim answers. */
  isOld: boolean;
  /** The client wants to send more over this connection. */
  keepAlive: boolean;
  /** The client waits to be told to go on before it sends the body. */
  waits: boolean;
  /** CONNECT, or another protocol is asked for. */
  switches: boolean;
}

/** Why a request is refused before anybody has looked at what it asks for. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const malformed = (): Refusal => new Refusal(400, "malformed", "this is not a well-formed HTTP request");
export const unknownCoding = (): Refusal =>
  new Refusal(501, "not_supported", "this transfer coding is not supported here");

/** RFC 9112, 3. Blanks are single, and nothing but visible ASCII is in a target. */
const REQUEST_LINE = /^([A-Z-]+) ([\x21-\x7e]+) HTTP\/1\.([01])$/;
const BEGINS = /^[A-Z-]+(?: |$)/;
/** RFC 9112, 3.2.2; without a user (RFC 9110, 4.2.4). */
const ABSOLUTE = /^https?:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=%-]+)(?::\d*)?(?:[/?].*)?$/i;
/** RFC 9110, 7.2: a host and perhaps a port; nothing at all is allowed. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=%-]*)(?::\d*)?$/i;
const LONGEST_LENGTH = 15;
const KNOWN = new Set(METHODS);

/** Can this still become the head of a request? `text` is what has come of it. */
export function canBegin(text: string): boolean {
  return BEGINS.test(text) && !isUnsoundSoFar(text);
}

/**
 * Reads the head of a request: all before the empty line.
 * @throws Refusal where it is not sound
 */
export function readRequestHead(text: string): RequestHead {
  if (isUnsound(text)) throw malformed();
  const end = text.indexOf("\r\n");
  const line = REQUEST_LINE.exec(end < 0 ? text : text.slice(0, end));
  if (line === null || !KNOWN.has(line[1]!)) throw malformed();
  const [method, target] = [line[1]!, line[2]!];
  const facts = new Facts();
  const headers: string[] = [];
  for (let at = end; at >= 0; ) {
    const from = at + 2;
    at = text.indexOf("\r\n", from);
    if (!readField(headers, text, from, at < 0 ? text.length : at)) throw malformed();
    facts.take(headers[headers.length - 2]!, headers[headers.length - 1]!);
  }
  const isOld = line[3] === "0";
  // RFC 9112, 3.2: exactly one Host; only HTTP/1.0 may do without.
  if (facts.hosts > 1 || (facts.hosts === 0 && !isOld)) throw malformed();
  if (method !== "CONNECT" && !isTarget(method, target)) throw malformed();
  // RFC 9112, 6.1: HTTP/1.0 has no transfer codings, and one beside a length is how requests are smuggled.
  if (facts.chunked && (isOld || facts.length >= 0)) throw malformed();
  return {
    method,
    target,
    headers,
    length: facts.chunked ? null : Math.max(0, facts.length),
    isOld,
    // RFC 9112, 9.3.
    keepAlive: !facts.close && (!isOld || facts.keep),
    waits: facts.waits && !isOld,
    switches: method === "CONNECT" || (facts.upgrade && facts.protocol),
  };
}

/** RFC 9112, 3.2: a path, a whole address, or the asterisk of OPTIONS. */
function isTarget(method: string, target: string): boolean {
  return target.charCodeAt(0) === 47 || (target === "*" ? method === "OPTIONS" : ABSOLUTE.test(target));
}

/** What the headers say about the connection and about where the body ends. */
class Facts {
  hosts = 0;
  length = -1;
  chunked = false;
  close = false;
  keep = false;
  waits = false;
  /** `Connection` names an upgrade, and `Upgrade` a protocol. */
  upgrade = false;
  protocol = false;

  take(name: string, value: string): void {
    // Most names differ in their length already.
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === "host") this.#host(value);
        break;
      case 6:
        if (name.toLowerCase() === "expect") this.#expect(value);
        break;
      case 7:
        if (name.toLowerCase() === "upgrade") this.protocol = true;
        break;
      case 10:
        if (name.toLowerCase() === "connection") this.#connection(value);
        break;
      case 14:
        if (name.toLowerCase() === "content-length") this.#length(value);
        break;
      case 17:
        if (name.toLowerCase() === "transfer-encoding") this.#coding(value);
    }
  }

  #host(value: string): void {
    if (!HOST.test(value)) throw malformed();
    this.hosts += 1;
  }

  /** RFC 9110, 10.1.1. */
  #expect(value: string): void {
    if (value.toLowerCase() !== "100-continue") {
      throw new Refusal(417, "expectation_failed", "what the request expects is not supported here");
    }
    this.waits = true;
  }

  #connection(value: string): void {
    for (const word of value.toLowerCase().split(",")) {
      const option = word.trim();
      if (option === "close") this.close = true;
      else if (option === "keep-alive") this.keep = true;
      else if (option === "upgrade") this.upgrade = true;
    }
  }

  /** RFC 9112, 6.3: digits, once. Two that are equal may be taken, but nobody sends them in good faith. */
  #length(value: string): void {
    if (this.length >= 0 || value.length > LONGEST_LENGTH || !/^\d+$/.test(value)) throw malformed();
    this.length = Number(value);
  }

  /** RFC 9112, 6.1 and 6.3: without chunks at its end, once, nobody knows where the body ends. */
  #coding(value: string): void {
    const codings = value.toLowerCase().split(",");
    const last = codings.pop()!.trim();
    if (this.chunked || last !== "chunked" || codings.some((one) => one.trim() === "chunked")) throw malformed();
    if (codings.length > 0) throw unknownCoding();
    this.chunked = true;
  }
}
