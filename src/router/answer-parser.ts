import { BodyReader } from "./body-reader.js";
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

/** Blanks behind the size are tolerated (RFC 9112, 7.1.1), and what extensions say concerns nobody. */
const CHUNK = /^([0-9a-fA-F]{1,8})[ \t]*((?:;.*)?)$/;
const RULES = {
  chunk: CHUNK,
  trailerBytes: HEAD_BYTES,
  malformed: () => new Error("the body of the answer is not sound"),
  tooLarge: () => new Error("the trailers are too large"),
};

type Stage = "head" | "body" | "until-close" | "done";

/**
 * Reads HTTP/1.1 answers (RFC 9112), one at a time, from the pieces in which they arrive. What is not sound is an Error: a proxy that guesses where an
 * answer ends mixes up answers.
 */
export class AnswerParser {
  readonly #sink: AnswerSink;
  readonly #body: BodyReader;
  #isHead = false;
  #stage: Stage = "done";
  #kept: Buffer = EMPTY;
  #reusable = true;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
    const end = (): void => this.#finish(this.#reusable);
    this.#body = new BodyReader(RULES, { data: (piece) => sink.data(piece), end });
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
      case "body":
        return this.#body.read(rest);
      case "until-close":
        this.#sink.data(rest);
        return EMPTY;
      default:
        throw new Error("there is something behind the answer");
    }
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
    const length = this.#frame(headers, status, match[1] === "0");
    this.#sink.head(status, match[3] ?? "", headers);
    this.#stage = length === undefined ? "until-close" : "body";
    if (length !== undefined) this.#body.begin(length);
    return behind;
  }

  /** Where the body ends (RFC 9112, 6.3): its length, null where it comes in chunks, undefined where only the closed connection tells. */
  #frame(headers: string[], status: number, isOld: boolean): number | null | undefined {
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
    if (this.#isHead || status === 204 || status === 304) return 0;
    return chunked ? null : (length ?? undefined);
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
