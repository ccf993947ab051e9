import { isUnsound, readField } from "./fields.js";

/** Who is told what an answer consists of, in this order: head, any number of pieces, end. */
export interface AnswerSink {
  head(status: number, reason: string, headers: string[]): void;
  data(piece: Buffer): void;
  /** The answer is whole. `reusable`: the connection may carry another one. */
  end(reusable: boolean): void;
}

const HEAD_BYTES = 65_536;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const EMPTY = Buffer.alloc(0);

type Stage = "head" | "length" | "until-close" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "done";

/**
 * Reads HTTP/1.1 answers (RFC 9112), one at a time, from the pieces in which they arrive. What is not sound is an Error: a proxy that guesses where an
 * answer ends mixes up answers.
 */
export class AnswerParser {
  readonly #sink: AnswerSink;
  #isHead = false;
  #stage: Stage = "done";
  #kept: Buffer = EMPTY;
  #left = 0;
  #reusable = true;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** An answer is waited for. @param method of the request: an answer to HEAD has no body whatever its headers say */
  begin(method: string): void {
    this.#isHead = method === "HEAD";
    this.#stage = "head";
    this.#kept = EMPTY;
  }

  get done(): boolean {
    return this.#stage === "done";
  }

  /** @throws Error with what is not sound */
  push(piece: Buffer): void {
    let rest = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
    this.#kept = EMPTY;
    while (rest.length > 0) {
      const next = this.#step(rest);
      if (next === null) {
        this.#kept = rest;
        return;
      }
      rest = next;
    }
  }

  /** The other side has closed. True when that was the answer's end. */
  close(): boolean {
    if (this.#stage === "until-close") this.#finish(false);
    return this.done;
  }

  /** What is left over, or null when more is needed first. */
  #step(rest: Buffer): Buffer | null {
    switch (this.#stage) {
      case "head":
        return this.#readHead(rest);
      case "length":
      case "chunk":
        return this.#readBytes(rest);
      case "until-close":
        this.#sink.data(rest);
        return EMPTY;
      case "chunk-size":
        return this.#readChunkSize(rest);
      case "chunk-end":
        if (rest.length < 2) return null;
        if (rest[0] !== 13 || rest[1] !== 10) throw new Error("a chunk has no end");
        this.#stage = "chunk-size";
        return rest.subarray(2);
      case "trailer":
        return this.#readTrailer(rest);
      default:
        throw new Error("there is something behind the answer");
    }
  }

  #readBytes(rest: Buffer): Buffer {
    const piece = rest.length <= this.#left ? rest : rest.subarray(0, this.#left);
    this.#left -= piece.length;
    this.#sink.data(piece);
    if (this.#left === 0) {
      if (this.#stage === "chunk") this.#stage = "chunk-end";
      else this.#finish(this.#reusable);
    }
    return rest.subarray(piece.length);
  }

  #readChunkSize(rest: Buffer): Buffer | null {
    const end = rest.indexOf("\r\n");
    if (end < 0 && rest.length < 256) return null;
    const match = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/.exec(rest.toString("latin1", 0, Math.max(0, end)));
    if (match === null) throw new Error("the size of a chunk is not a number");
    this.#left = Number.parseInt(match[1]!, 16);
    this.#stage = this.#left === 0 ? "trailer" : "chunk";
    return rest.subarray(end + 2);
  }

  /** Trailers concern one connection and are dropped. */
  #readTrailer(rest: Buffer): Buffer | null {
    const end = rest.indexOf("\r\n");
    if (end < 0 && rest.length > HEAD_BYTES) throw new Error("the trailers are too large");
    if (end < 0) return null;
    if (end === 0) this.#finish(this.#reusable);
    return rest.subarray(end + 2);
  }

  #readHead(rest: Buffer): Buffer | null {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0 && rest.length > HEAD_BYTES) throw new Error("the headers are too large");
    if (end < 0) return null;
    const text = rest.toString("latin1", 0, end);
    if (isUnsound(text)) throw new Error("the headers have control characters");
    const first = text.indexOf("\r\n");
    const match = STATUS_LINE.exec(first < 0 ? text : text.slice(0, first));
    if (match === null) throw new Error("the answer has no status line");
    const status = Number(match[2]);
    const behind = rest.subarray(end + 4);
    // Interim answers say nothing that a client needs here; nobody asked to switch to another protocol.
    if (status === 101) throw new Error("the protocol was switched");
    if (status < 200) return behind;
    const headers = readHeaders(text, first);
    this.#frame(headers, status, match[1] === "0");
    this.#sink.head(status, match[3] ?? "", headers);
    if (this.#stage === "length" && this.#left === 0) this.#finish(this.#reusable);
    return behind;
  }

  /** Where the body ends (RFC 9112, 6.3). */
  #frame(headers: string[], status: number, isOld: boolean): void {
    let length: number | null = null;
    let chunked = false;
    let close = isOld;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      if (name.length === 14 && name.toLowerCase() === "content-length") {
        const value = headers[i + 1]!;
        const read = lengthOf(value);
        if (length !== null && length !== read) throw new Error("the answer has two lengths");
        length = read;
      } else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
        if (chunked || headers[i + 1]!.toLowerCase() !== "chunked")
          throw new Error("the transfer encoding is not known");
        chunked = true;
      } else if (name.length === 10 && name.toLowerCase() === "connection") {
        const words = headers[i + 1]!.toLowerCase();
        close = words.includes("close") || (isOld && !words.includes("keep-alive"));
      }
    }
    // Both together are how answers are smuggled: chunks count, and nothing comes after them on this connection.
    this.#reusable = !close && !(chunked && length !== null);
    if (chunked && length !== null) dropLengths(headers);
    if (this.#isHead || status === 204 || status === 304) {
      this.#stage = "length";
      this.#left = 0;
    } else if (chunked) this.#stage = "chunk-size";
    else if (length === null) this.#stage = "until-close";
    else {
      this.#stage = "length";
      this.#left = length;
    }
  }

  #finish(reusable: boolean): void {
    this.#stage = "done";
    this.#sink.end(reusable);
  }
}

function lengthOf(value: string): number {
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) throw new Error("the length of the answer is not a number");
    length = 10 * length + digit;
  }
  if (value.length === 0 || value.length > 15) throw new Error("the length of the answer is not a number");
  return length;
}

/** RFC 9112, 6.3: where chunks count nobody may be told the length. */
function dropLengths(headers: string[]): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.toLowerCase() === "content-length") headers.splice(i, 2);
  }
}

function readHeaders(text: string, first: number): string[] {
  const headers: string[] = [];
  for (let at = first; at >= 0; ) {
    const from = at + 2;
    at = text.indexOf("\r\n", from);
    if (!readField(headers, text, from, at < 0 ? text.length : at)) throw new Error("a header has no name");
  }
  return headers;
}
