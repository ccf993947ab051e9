import { isUnsound, readField } from "./fields.js";

/** What differs between the bodies of requests and of answers. */
export interface BodyRules {
  /** The line before a chunk: its size, and what else it says (RFC 9112, 7.1.1). */
  chunk: RegExp;
  /** All trailers of one body together. */
  trailerBytes: number;
  malformed: () => Error;
  tooLarge: () => Error;
}

export interface BodySink {
  data(piece: Buffer): void;
  /** The body is whole. */
  end(): void;
}

const EMPTY = Buffer.alloc(0);
const CR = 13;
const LF = 10;
/** Bytes of the line before a chunk, and of all that such lines of one body say besides the size. */
const CHUNK_LINE = 256;
const EXTENSIONS = 4096;
const NO_TRAILER = /^(?:connection|content-length|expect|host|transfer-encoding|upgrade)$/i;

type Stage = "length" | "chunk-size" | "chunk" | "chunk-end" | "trailer";

/** Reads the body of a message, whose length is known or that comes in chunks (RFC 9112, 6.3 and 7.1). */
export class BodyReader {
  readonly #rules: BodyRules;
  readonly #sink: BodySink;
  #stage: Stage = "length";
  #left = 0;
  #extensions = 0;
  #trailers = 0;

  constructor(rules: BodyRules, sink: BodySink) {
    this.#rules = rules;
    this.#sink = sink;
  }

  /** @param length in bytes: a body of none has ended already; null: it comes in chunks */
  begin(length: number | null): void {
    this.#stage = length === null ? "chunk-size" : "length";
    this.#left = length ?? 0;
    this.#extensions = 0;
    this.#trailers = 0;
    if (length === 0) this.#sink.end();
  }

  /** Reads one part of it. Returns what lies behind, or null when more is needed first. */
  read(rest: Buffer): Buffer | null {
    switch (this.#stage) {
      case "length":
      case "chunk":
        return this.#readBytes(rest);
      case "chunk-size":
        return this.#readChunkSize(rest);
      case "chunk-end":
        if (rest.length < 2) return null;
        if (rest[0] !== CR || rest[1] !== LF) throw this.#rules.malformed();
        this.#stage = "chunk-size";
        return rest.subarray(2);
      case "trailer":
        return this.#readTrailer(rest);
    }
  }

  #readBytes(rest: Buffer): Buffer {
    const piece = rest.length <= this.#left ? rest : rest.subarray(0, this.#left);
    this.#left -= piece.length;
    this.#sink.data(piece);
    if (this.#left === 0) {
      if (this.#stage === "chunk") this.#stage = "chunk-end";
      else this.#sink.end();
    }
    return piece.length === rest.length ? EMPTY : rest.subarray(piece.length);
  }

  #readChunkSize(rest: Buffer): Buffer | null {
    const end = rest.indexOf("\r\n", 0, "latin1");
    if (end < 0 && rest.length <= CHUNK_LINE) return null;
    const match = end < 0 || end > CHUNK_LINE ? null : this.#rules.chunk.exec(rest.toString("latin1", 0, end));
    if (match === null) throw this.#rules.malformed();
    this.#extensions += match[2]!.length;
    if (this.#extensions > EXTENSIONS) throw this.#rules.malformed();
    this.#left = Number.parseInt(match[1]!, 16);
    this.#stage = this.#left === 0 ? "trailer" : "chunk";
    return rest.subarray(end + 2);
  }

  /** Trailers are dropped; none may speak about the connection, or say where the body ends (RFC 9110, 6.5.1). */
  #readTrailer(rest: Buffer): Buffer | null {
    const end = rest.indexOf("\r\n", 0, "latin1");
    this.#trailers += end < 0 ? 0 : end + 2;
    if (this.#trailers + (end < 0 ? rest.length : 0) > this.#rules.trailerBytes) throw this.#rules.tooLarge();
    if (end < 0) return null;
    if (end === 0) this.#sink.end();
    else {
      const line = rest.toString("latin1", 0, end);
      const field: string[] = [];
      if (isUnsound(line) || !readField(field, line, 0, end) || NO_TRAILER.test(field[0]!)) {
        throw this.#rules.malformed();
      }
    }
    return rest.subarray(end + 2);
  }
}
