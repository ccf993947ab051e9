import { connect, type Socket } from "node:net";
import { AnswerParser, type AnswerSink } from "./answer-parser.js";
import { splitEndpoint } from "./route.js";
import { writeTogether } from "./write-together.js";

/** Shorter than any server's own keep-alive time (uvicorn: 5 s), so that the service never closes a connection just being used. */
const POOLED_MS = 1500;
const MOST_IDLE = 512;

/** How often it is looked which connection has been silent for too long: one timer for all of them. */
const CHECK_MS = 250;

/** Who uses a connection for one exchange. After `failed` or the end of the answer nothing more is told. */
export interface ExchangeSink extends AnswerSink {
  /** The connection broke, or was silent for too long, before the answer was whole. */
  failed(timedOut: boolean): void;
  /** A piece of the answer that has come has been told whole. */
  piece(): void;
  /** More may be written. */
  drained(): void;
}

/** One connection to a scoring process: one exchange at a time. */
export class Upstream implements AnswerSink {
  readonly #pool: UpstreamPool;
  readonly #endpoint: string;
  readonly socket: Socket;
  readonly #parser = new AnswerParser(this);
  #sink: ExchangeSink | null = null;
  #sent = false;
  #answered = false;
  /** How long nothing may happen, and since when `check` has seen nothing. */
  #patience = POOLED_MS;
  #since = 0;

  constructor(pool: UpstreamPool, endpoint: string, socket: Socket) {
    this.#pool = pool;
    this.#endpoint = endpoint;
    this.socket = socket;
    socket.on("data", (piece: Buffer) => this.#read(piece));
    socket.on("drain", () => {
      this.#since = 0;
      this.#sink?.drained();
    });
    socket.on("error", () => this.#fail(false));
    socket.on("end", () => {
      if (this.#answered || !this.#parser.close()) this.#fail(false);
    });
    socket.on("close", () => this.#fail(false));
  }

  /** Begins an exchange: what is written from now on is the request. */
  begin(method: string, silenceMs: number, sink: ExchangeSink): void {
    this.#sink = sink;
    this.#sent = false;
    this.#answered = false;
    this.#patience = silenceMs;
    this.#since = 0;
    this.#parser.begin(method);
  }

  /** False: no more should be written until the sink is told `drained`. */
  write(before: string, piece: Buffer, behind: string): boolean {
    this.#since = 0;
    return writeTogether(this.socket, before, piece, behind);
  }

  writeText(text: string): void {
    this.#since = 0;
    this.socket.write(text, "latin1");
  }

  /** The request has been written to its end: once the answer is whole the connection is free again. */
  sent(): void {
    this.#sent = true;
    if (this.#answered && this.#sink !== null) this.#settle();
  }

  /** Ends the exchange and the connection; nobody is told. */
  destroy(): void {
    this.#sink = null;
    this.socket.destroy();
  }

  /** Looks whether anything happens. @param now milliseconds of any clock, never 0 */
  check(now: number): void {
    if (this.#since === 0) this.#since = now;
    else if (now - this.#since >= this.#patience) this.#fail(true);
  }

  head(status: number, reason: string, headers: string[]): void {
    this.#sink?.head(status, reason, headers);
  }

  data(piece: Buffer): void {
    this.#sink?.data(piece);
  }

  end(reusable: boolean): void {
    this.#answered = true;
    this.#sink?.end(reusable);
    if (!reusable) this.destroy();
    else if (this.#sent) this.#settle();
  }

  #read(piece: Buffer): void {
    const sink = this.#sink;
    if (sink === null) {
      // Nobody has asked: whatever this is, it must not become somebody's answer.
      this.socket.destroy();
      return;
    }
    this.#since = 0;
    try {
      this.#parser.push(piece);
    } catch {
      this.#fail(false);
      return;
    }
    sink.piece();
  }

  #settle(): void {
    this.#sink = null;
    this.#patience = POOLED_MS;
    this.#since = 0;
    // It may have been told to wait with its last piece; unread it would not notice that the other side closes.
    this.socket.resume();
    this.#pool.give(this.#endpoint, this);
  }

  #fail(timedOut: boolean): void {
    const sink = this.#answered ? null : this.#sink;
    this.destroy();
    this.#pool.forget(this.#endpoint, this);
    sink?.failed(timedOut);
  }
}

/** Connections that are kept between requests, by endpoint; the one used last is used first. */
export class UpstreamPool {
  readonly #idle = new Map<string, Upstream[]>();
  readonly #sockets = new Set<Socket>();
  readonly #all = new Set<Upstream>();
  #timer: NodeJS.Timeout | undefined;

  /** A connection that stands; null when there is none within the time. */
  take(endpoint: string, connectMs: number): Upstream | Promise<Upstream | null> {
    const idle = this.#idle.get(endpoint);
    for (let one = idle?.pop(); one !== undefined; one = idle?.pop()) {
      if (!one.socket.destroyed && one.socket.readable && one.socket.writable) return one;
    }
    return this.#connect(endpoint, connectMs);
  }

  give(endpoint: string, one: Upstream): void {
    const idle = this.#idle.get(endpoint);
    if (idle === undefined) this.#idle.set(endpoint, [one]);
    else if (idle.length < MOST_IDLE) idle.push(one);
    else one.destroy();
  }

  forget(endpoint: string, one: Upstream): void {
    const idle = this.#idle.get(endpoint);
    const at = idle?.indexOf(one) ?? -1;
    if (at >= 0) idle?.splice(at, 1);
    if (idle?.length === 0) this.#idle.delete(endpoint);
  }

  /** Ends all connections, used or not. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const socket of this.#sockets) socket.destroy();
    this.#idle.clear();
  }

  #connect(endpoint: string, connectMs: number): Promise<Upstream | null> {
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
    return new Promise((resolve) => {
      const socket = connect({ ...splitEndpoint(endpoint), noDelay: true });
      this.#sockets.add(socket);
      const done = (upstream: Upstream | null): void => {
        clearTimeout(timer);
        if (upstream === null) socket.destroy();
        resolve(upstream);
      };
      const timer = setTimeout(() => done(null), connectMs);
      // Both end the wait once; after that the connection has its own listeners.
      socket.once("error", () => done(null));
      socket.once("connect", () => {
        const upstream = new Upstream(this, endpoint, socket);
        this.#all.add(upstream);
        socket.once("close", () => this.#all.delete(upstream));
        done(upstream);
      });
      socket.once("close", () => {
        this.#sockets.delete(socket);
        done(null);
      });
    });
  }

  #check(): void {
    const now = performance.now();
    for (const upstream of this.#all) upstream.check(now);
  }
}
