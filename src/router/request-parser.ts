import { BodyReader } from "./body-reader.js";
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
/** RFC 9112, 7.1.1, without the blanks that it only tolerates. */
const CHUNK =
  /^([0-9a-fA-F]{1,8})((?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\t !#-[\]-~]*"))?)*)$/;

/**
 * Reads requests (RFC 9112) from the pieces in which they arrive, one at a time; into which pieces they are cut changes nothing. A proxy
 * that takes what another one would read differently lets requests be smuggled: what is not sound is refused, not mended.
 */
export class RequestParser {
  readonly #sink: RequestSink;
  readonly #headBytes: number;
  readonly #body: BodyReader;
  #inBody = false;
  #kept: Buffer = EMPTY;
  #over = false;

  /** @param headBytes of request line and headers together */
  constructor(headBytes: number, sink: RequestSink) {
    this.#headBytes = headBytes;
    this.#sink = sink;
    const tooLarge = () => new Refusal(431, "headers_too_large", "the request's trailers are too large");
    const rules = { chunk: CHUNK, trailerBytes: headBytes, malformed, tooLarge };
    this.#body = new BodyReader(rules, { data: (piece) => sink.data(piece), end: () => this.#finish() });
  }

  /** Nothing of a request has come since the last one. */
  get between(): boolean {
    return !this.#inBody && this.#kept.length === 0;
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
      const next = this.#inBody ? this.#body.read(rest) : this.#readHead(rest, known);
      if (next === null) {
        this.#kept = rest;
        return EMPTY;
      }
      rest = next;
      if (this.#over) {
        this.#over = false;
        this.#inBody = false;
        return rest;
      }
    }
    return EMPTY;
  }

  /** What is left over, or null when more is needed first. @param known bytes in which no end has been found before */
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
    this.#inBody = true;
    this.#sink.head(head);
    this.#body.begin(head.length);
    return rest.subarray(end + 4);
  }

  #finish(): void {
    this.#over = true;
    this.#sink.end();
  }
}
