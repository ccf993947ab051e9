import { valuesOf } from "./headers.js";

/** Keeps what passes by, up to a limit each way, without holding anything up: the chunks themselves, no copies. */
export class Tap {
  #request: Buffer[] | null;
  #answer: Buffer[] | null = [];
  #left: { request: number; answer: number };
  /** Why there is nothing to look at. */
  lost: "request_size" | "answer_size" | "encoded" | null = null;

  /** @param withRequest keep the request, too */
  constructor(limit: number, withRequest: boolean) {
    this.#request = withRequest ? [] : null;
    this.#left = { request: limit, answer: limit };
  }

  requestPiece(piece: Buffer): void {
    if (this.#request !== null) this.#keep("request", piece);
  }

  /** @param headers names and values in turn */
  watchAnswer(headers: readonly string[]): void {
    const encoding = valuesOf(headers, "content-encoding")[0];
    if (encoding !== undefined && encoding !== "identity") this.#lose("encoded");
  }

  answerPiece(piece: Buffer): void {
    this.#keep("answer", piece);
  }

  get request(): Buffer | null {
    return this.#request === null ? null : Buffer.concat(this.#request);
  }

  get answer(): Buffer | null {
    return this.#answer === null ? null : Buffer.concat(this.#answer);
  }

  #keep(side: "request" | "answer", chunk: Buffer): void {
    if (this.lost !== null) return;
    this.#left[side] -= chunk.length;
    if (this.#left[side] < 0) this.#lose(side === "request" ? "request_size" : "answer_size");
    else (side === "request" ? this.#request : this.#answer)?.push(chunk);
  }

  #lose(why: NonNullable<Tap["lost"]>): void {
    this.lost = why;
    this.#request = null;
    this.#answer = null;
  }
}
