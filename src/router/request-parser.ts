import { isUnsound, readField } from "./fields.js";
import { canBegin, malformed, Refusal, type RequestHead, readRequestHead } from "./request-head.js";

/** Who is told what a request consists of, in this order: head, any number of pieces, end. */
export interface RequestSink {
  head(head: RequestHead): void;
  data(piece: Buffer): void;
  end(): void;
}

const EMPTY = Buffer.alloc(0);
const CR = 13;
const LF = 10;
/** Bytes of the line before a chunk, and of all that such lines of one request say besides the size. */
const CHUNK_LINE = 256;
const EXTENSIONS = 4096;
/** RFC 9112, 7.1.1, without the blanks that it only tolerates. */
const CHUNK =
  /^([0-9a-fA-F]{1,8})((?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\t !#-[\]-~]*"))?)*)$/;
const NO_TRAILER = /^(?:connection|content-length|expect|host|transfer-encoding|upgrade)$/i;

type Stage = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailer";

/**
 * Reads requests (RFC 9112) from the pieces in which they arrive, one at a time; into which pieces they are cut changes nothing. A proxy
 * that takes what another one would read differently lets requests be smuggled: what is not sound is refused, not mended.
 */
export class RequestParser {
  readonly #sink: RequestSink;
  readonly #headBytes: number;
  #stage: Stage = "head";
  #kept: Buffer = EMPTY;
  #left = 0;
  #extensions = 0;
  #trailers = 0;
  #over = false;

  /** @param headBytes of request line and headers together */
  constructor(headBytes: number, sink: RequestSink) {
    this.#headBytes = headBytes;
    this.#sink = sink;
  }

  /** Nothing of a request has come since the last one. */
  get between(): boolean {
    return this.#stage === "head" && this.#kept.length === 0;
  }

  /**
   * Reads on, to the end of one request at most. Returns what lies behind it.
   * @throws Refusal where the request is not sound; nothing can be read after that
   */
  push(piece: Buffer): Buffer {
    let rest = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
    const known = this.#kept.length;
    this.#kept = EMPTY;
    while (rest.length > 0) {
      const next = this.#step(rest, known);
      if (next === null) {
        this.#kept = rest;
        return EMPTY;
      }
      rest = next;
      if (this.#over) {
        this.#over = false;
        this.#stage = "head";
        return rest;
      }
    }
    return EMPTY;
  }

  /** What is left over, or null when more is needed first. */
  #step(rest: Buffer, known: number): Buffer | null {
    switch (this.#stage) {
      case "head":
        return this.#readHead(rest, known);
      case "length":
      case "chunk":
        return this.#readBytes(rest);
      case "chunk-size":
        return this.#readChunkSize(rest);
      case "chunk-end":
        if (rest.length < 2) return null;
        if (rest[0] !== CR || rest[1] !== LF) throw malformed();
        this.#stage = "chunk-size";
        return rest.subarray(2);
      case "trailer":
        return this.#readTrailer(rest);
    }
  }

  /** @param known bytes in which no end has been found before */
  #readHead(rest: Buffer, known: number): Buffer | null {
    // RFC 9112, 2.2: empty lines before a request are left behind by old clients.
    if (rest[0] === CR) {
      if (rest.length === 1) return null;
      if (rest[1] !== LF) throw malformed();
      return rest.subarray(2);
    }
    const end = rest.indexOf("\r\n\r\n", Math.max(0, known - 3), "latin1");
    if (end < 0 || end + 4 > this.#headBytes) {
      // What cannot become a request is told at once: what else speaks on this port would wait for an answer.
      if (!canBegin(rest.toString("latin1", 0, Math.min(rest.length, this.#headBytes)))) throw malformed();
      if (rest.length >= this.#headBytes) {
        throw new Refusal(431, "headers_too_large", "the request's headers are too large");
      }
      return null;
    }
    const head = readRequestHead(rest.toString("latin1", 0, end));
    this.#frame(head);
    this.#sink.head(head);
    if (head.length === 0) this.#finish();
    return rest.subarray(end + 4);
  }

  #frame(head: RequestHead): void {
    this.#stage = head.length === null ? "chunk-size" : "length";
    this.#left = head.length ?? 0;
    this.#extensions = 0;
    this.#trailers = 0;
  }

  #readBytes(rest: Buffer): Buffer {
    const piece = rest.length <= this.#left ? rest : rest.subarray(0, this.#left);
    this.#left -= piece.length;
    this.#sink.data(piece);
    if (this.#left === 0) {
      if (this.#stage === "chunk") this.#stage = "chunk-end";
      else this.#finish();
    }
    return piece.length === rest.length ? EMPTY : rest.subarray(piece.length);
  }

  #readChunkSize(rest: Buffer): Buffer | null {
    const end = rest.indexOf("\r\n", 0, "latin1");
    if (end < 0 && rest.length <= CHUNK_LINE) return null;
    const match = end < 0 || end > CHUNK_LINE ? null : CHUNK.exec(rest.toString("latin1", 0, end));
    if (match === null) throw malformed();
    this.#extensions += match[2]!.length;
    if (this.#extensions > EXTENSIONS) throw malformed();
    this.#left = Number.parseInt(match[1]!, 16);
    this.#stage = this.#left === 0 ? "trailer" : "chunk";
    return rest.subarray(end + 2);
  }

  /** Trailers are dropped; none may speak about the connection, or say where the body ends (RFC 9110, 6.5.1). */
  #readTrailer(rest: Buffer): Buffer | null {
    const end = rest.indexOf("\r\n", 0, "latin1");
    if (this.#trailers + (end < 0 ? rest.length : end + 2) > this.#headBytes) {
      throw new Refusal(431, "headers_too_large", "the request's trailers are too large");
    }
    if (end < 0) return null;
    if (end === 0) this.#finish();
    else {
      this.#trailers += end + 2;
      const line = rest.toString("latin1", 0, end);
      const field: string[] = [];
      if (isUnsound(line) || !readField(field, line, 0, end) || NO_TRAILER.test(field[0]!)) throw malformed();
    }
    return rest.subarray(end + 2);
  }

  #finish(): void {
    this.#over = true;
    this.#sink.end();
  }
}
