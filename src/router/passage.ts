import { sendError } from "./answer.js";
import type { ClientAnswer } from "./client-answer.js";
import type { ClientRequest, RequestReader } from "./client-request.js";
import { requestHeaders, responseHeaders, valuesOf } from "./headers.js";
import type { Tap } from "./tap.js";
import type { ExchangeSink, Upstream } from "./upstream.js";

export interface Exchange {
  id: string;
  version: string;
  /** Keeps the bodies of both ways. */
  tap?: Tap;
}

/** One request on its way over a connection to the service, and its answer on the way back: each as it comes, no faster than it is taken. */
export class Passage implements RequestReader, ExchangeSink {
  readonly #request: ClientRequest;
  readonly #answer: ClientAnswer;
  readonly #exchange: Exchange;
  readonly #upstream: Upstream;
  readonly #done: (status: number | null) => void;
  #silence = 0;
  /** Nothing more comes from the service. */
  #over = false;
  #broken = false;
  /** What has not been sent to the service yet, to go out together with the first piece of the body. */
  #head = "";
  /** The last piece of the answer, to go out together with its head or its end. */
  #waiting: Buffer | null = null;

  /** @param done is told the status, or null when the client left before the answer was out */
  constructor(
    request: ClientRequest,
    answer: ClientAnswer,
    exchange: Exchange,
    upstream: Upstream,
    done: (status: number | null) => void,
  ) {
    this.#request = request;
    this.#answer = answer;
    this.#exchange = exchange;
    this.#upstream = upstream;
    this.#done = done;
  }

  start(endpoint: string, silence: number): void {
    this.#silence = silence;
    this.#head = headOf(this.#request, endpoint, this.#exchange);
    this.#upstream.begin(this.#request.method, silence, this);
    this.#request.read(this);
  }

  bodyPiece(piece: Buffer): void {
    this.#exchange.tap?.requestPiece(piece);
    if (this.#over) return;
    const before = this.#takeHead();
    const ready =
      this.#request.length === null
        ? this.#upstream.write(`${before}${piece.length.toString(16)}\r\n`, piece, "\r\n")
        : this.#upstream.write(before, piece, "");
    if (!ready) this.#request.pause();
  }

  bodyEnd(): void {
    if (this.#over) return;
    const rest = this.#takeHead() + (this.#request.length === null ? "0\r\n\r\n" : "");
    if (rest !== "") this.#upstream.writeText(rest);
    this.#upstream.sent();
  }

  bodyWaits(): void {
    if (this.#head !== "" && !this.#over) this.#upstream.writeText(this.#takeHead());
  }

  answerDrained(): void {
    if (!this.#over) this.#upstream.socket.resume();
  }

  answerOut(): void {
    this.#done(this.#answer.status);
  }

  /** The service need not go on. */
  gone(): void {
    if (!this.#over) this.#upstream.destroy();
    this.#over = true;
    this.#done(this.#broken ? 502 : null);
  }

  head(status: number, reason: string, headers: string[]): void {
    this.#answer.begin(status, reason, responseHeaders(headers, this.#exchange));
    this.#exchange.tap?.watchAnswer(headers);
  }

  data(piece: Buffer): void {
    this.#exchange.tap?.answerPiece(piece);
    this.#flush();
    this.#waiting = piece;
  }

  piece(): void {
    if (this.#over || this.#answer.status === null) return;
    if (this.#waiting !== null) this.#flush();
    else this.#answer.flush();
  }

  end(): void {
    this.#over = true;
    this.#answer.end(this.#waiting);
    this.#waiting = null;
    if (!this.#request.complete) this.#upstream.destroy();
    this.#request.resume();
  }

  drained(): void {
    this.#request.resume();
  }

  failed(timedOut: boolean): void {
    this.#over = true;
    this.#request.resume();
    if (this.#answer.status !== null) {
      this.#broken = true;
      this.#answer.destroy();
      return;
    }
    const { id, version } = this.#exchange;
    sendError(this.#answer, {
      status: timedOut ? 504 : 502,
      code: timedOut ? "upstream_timeout" : "upstream_failed",
      message: timedOut
        ? `${version} did not answer within ${this.#silence} ms`
        : `${version} closed the connection before it answered`,
      id,
    });
  }

  #takeHead(): string {
    const head = this.#head;
    this.#head = "";
    return head;
  }

  #flush(): void {
    if (this.#waiting === null) return;
    const piece = this.#waiting;
    this.#waiting = null;
    if (!this.#answer.write(piece)) this.#upstream.socket.pause();
  }
}

/** The path and query; an absolute-form target (`GET http://host/path`) is reduced to them. */
function pathOf(target: string): string {
  if (target.startsWith("/") || target === "*") return target;
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(target);
  const path = match?.[1] ?? "/";
  return path.startsWith("/") ? path : `/${path}`;
}

/** What the service is sent before the body. */
function headOf(request: ClientRequest, endpoint: string, { id, version }: Exchange): string {
  const { method, length } = request;
  const chunked = length === null;
  const headers = requestHeaders(request.headers, { id, version, endpoint, client: request.remote, chunked });
  let head = `${method} ${pathOf(request.target)} HTTP/1.1\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  // Without either there is no body; servers want to hear that where one is usual (RFC 9110, 8.6).
  const usual = length === 0 && (method === "POST" || method === "PUT" || method === "PATCH");
  if (usual && valuesOf(request.headers, "content-length").length === 0) head += "Content-Length: 0\r\n";
  return `${head}\r\n`;
}
