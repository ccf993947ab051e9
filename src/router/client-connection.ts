import type { Socket } from "node:net";
import { rawError } from "./answer.js";
import { type AnswerGate, ClientAnswer } from "./client-answer.js";
import { type BodyGate, ClientRequest } from "./client-request.js";
import { requestId } from "./headers.js";
import { malformed, Refusal, type RequestHead } from "./request-head.js";
import { RequestParser, type RequestSink } from "./request-parser.js";
import type { RouteLimits } from "./route.js";

/** Who answers requests. */
export interface ClientHandler {
  request(request: ClientRequest, answer: ClientAnswer): void;
  /** A connection or request was not taken. */
  refused(reason: string): void;
}

/** What holds for all connections of a front, as it is at the moment. */
export interface FrontState {
  readonly handler: ClientHandler;
  readonly headBytes: number;
  limits: RouteLimits;
  /** What an answer says after which the connection stays open. */
  keepLines: string;
  /** Each connection ends with its next answer. */
  leaving: boolean;
  /** Each connection ends with the answer that is on its way. */
  closing: boolean;
}

/** Longer than this nobody's rest of a request is read only so that its answer is seen. */
const LINGER_MS = 5000;

/**
 * What a connection is at: no byte yet, the head of a request, its body (perhaps with its answer on the way), only its answer, nothing
 * between two requests, or what a client still sends that has its last answer.
 */
type Phase = "new" | "head" | "body" | "answer" | "idle" | "linger";

/** One client's connection: one request after the other. What comes behind a request waits until its answer is out. */
export class ClientConnection implements RequestSink, BodyGate, AnswerGate {
  readonly socket: Socket;
  readonly flushed = (error?: Error | null): void => this.#over(error);
  readonly #state: FrontState;
  readonly #remote: string;
  readonly #parser: RequestParser;
  #phase: Phase = "new";
  /** When the phase was first seen by `check`: a look at the clock for each request would cost more. */
  #since = 0;
  #request: ClientRequest | null = null;
  #answer: ClientAnswer | null = null;
  #held: Buffer | null = null;

  constructor(socket: Socket, state: FrontState) {
    this.socket = socket;
    this.#state = state;
    this.#remote = socket.remoteAddress ?? "unknown";
    this.#parser = new RequestParser(state.headBytes, this);
    socket.on("data", (piece: Buffer) => this.#read(piece));
    socket.on("drain", () => this.#request?.reader?.answerDrained());
    socket.on("end", () => this.#clientEnds());
    socket.on("timeout", () => socket.destroy());
    // It is closed after an error, and nothing else is known about it then.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#lose());
  }

  get isIdle(): boolean {
    return this.#phase === "idle" || this.#phase === "new";
  }

  get #leaves(): boolean {
    return this.#phase === "linger";
  }

  /** Looks after the time that the client takes. @param now milliseconds of any clock, never 0 */
  check(now: number): void {
    if (this.#phase === "answer") return;
    if (this.#since === 0) {
      this.#since = now;
      return;
    }
    const { header_ms, request_ms, idle_ms } = this.#state.limits;
    const limits = { new: header_ms, head: header_ms, body: request_ms, idle: idle_ms, linger: LINGER_MS };
    if (now - this.#since < limits[this.#phase]) return;
    if (this.#phase === "idle") this.socket.destroySoon();
    else if (this.#phase === "linger") this.socket.destroy();
    else this.#refuse(new Refusal(408, "request_timeout", "the request did not arrive in time"));
  }

  /** Ends the connection if no request is on its way. */
  closeIdle(): void {
    if (this.isIdle) this.socket.destroySoon();
  }

  head(head: RequestHead): void {
    if (head.switches) {
      const message = head.method === "CONNECT" ? "this is no forward proxy" : "upgrades are not supported here";
      this.#refuse(new Refusal(501, "not_supported", message), "upgrade", head.headers);
      return;
    }
    // The time for a whole request runs from its first byte, not from the end of the one before.
    if (this.#phase === "head") this.#phase = "body";
    else this.#enter("body");
    this.#request = new ClientRequest(head, this.#remote, this);
    this.#answer = new ClientAnswer(this.#request, head, this);
    this.#state.handler.request(this.#request, this.#answer);
  }

  data(piece: Buffer): void {
    this.#request?.deliver(piece);
  }

  end(): void {
    if (this.#phase === "body") this.#phase = "answer";
    this.#request?.finish();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    if (this.#held === null) this.socket.resume();
  }

  goOn(): void {
    this.socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
  }

  keeps(keepAlive: boolean): string | null {
    return keepAlive && !this.#state.leaving ? this.#state.keepLines : null;
  }

  waiting(): void {
    this.socket.setTimeout(this.#state.limits.upstream_ms);
  }

  #read(piece: Buffer): void {
    if (this.#leaves) return;
    if (this.#phase === "answer") {
      this.#hold(piece);
      return;
    }
    let rest: Buffer;
    try {
      rest = this.#parser.push(piece);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#refuse(error);
      return;
    }
    if (this.#request !== null) this.#request.reader?.bodyWaits();
    else if (this.isIdle && !this.#parser.between) this.#enter("head");
    if (rest.length > 0 && !this.#leaves) this.#hold(rest);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#since = 0;
  }

  /** Keeps what lies behind the request. No more is read until its answer is out, so this has a bound. */
  #hold(piece: Buffer): void {
    this.#held = this.#held === null ? piece : Buffer.concat([this.#held, piece]);
    this.socket.pause();
  }

  /** The answer is out. */
  #over(error?: Error | null): void {
    const [request, answer] = [this.#request, this.#answer];
    if (error != null || request === null || answer === null) return;
    this.#request = null;
    this.#answer = null;
    if (this.socket.timeout) this.socket.setTimeout(0);
    request.reader?.answerOut();
    if (!answer.keeps || this.#state.closing || this.socket.readableEnded) {
      this.#leave(!request.complete || this.#held !== null);
      return;
    }
    this.#enter("idle");
    const held = this.#held;
    this.#held = null;
    this.socket.resume();
    if (held !== null) this.#read(held);
  }

  /** No more is answered here. Closed with bytes unread, the system would take back what the client has not read yet: they are read first. */
  #leave(lingers: boolean): void {
    this.#held = null;
    this.#enter("linger");
    if (!lingers) {
      this.socket.destroySoon();
      return;
    }
    this.socket.end();
    this.socket.resume();
  }

  /** Tells the client why, if it can still be told, and ends the connection. */
  #refuse(refusal: Refusal, reason: string = refusal.code, headers: readonly string[] = []): void {
    const begun = this.#answer?.status != null;
    this.#lose();
    this.#state.handler.refused(reason);
    if (begun || !this.socket.writable) {
      this.socket.destroy();
      return;
    }
    const { status, code, message } = refusal;
    this.socket.write(rawError({ status, code, message, id: requestId(headers) }));
    this.#leave(!this.socket.readableEnded);
  }

  /** The client sends no more. One that does so in the middle of a request, or before its answer, has left. */
  #clientEnds(): void {
    if (this.#phase === "head" || this.#phase === "body") this.#refuse(malformed());
    else if (this.#phase !== "answer") this.socket.destroySoon();
    else if (this.#answer?.ended !== true) this.socket.destroy();
  }

  #lose(): void {
    const [request, answer] = [this.#request, this.#answer];
    this.#request = null;
    this.#answer = null;
    answer?.lose();
    request?.reader?.gone();
  }
}
