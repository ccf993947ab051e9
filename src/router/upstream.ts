import { connect, type Socket } from "node:net";
import { AnswerParser, type AnswerSink } from "./answer-parser.js";
import { splitEndpoint } from "./route.js";

/** Shorter than any server's own keep-alive time (uvicorn: 5 s), so that the service never closes a connection just being used. */
const POOLED_MS = 1500;
const MOST_IDLE = 512;

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
export class Upstream {
  readonly #pool: UpstreamPool;
  readonly #endpoint: string;
  readonly socket: Socket;
  #sink: ExchangeSink | null = null;
  #parser: AnswerParser | null = null;
  #sent = false;
  #answered = false;

  constructor(pool: UpstreamPool, endpoint: string, socket: Socket) {
    this.#pool = pool;
    this.#endpoint = endpoint;
    this.socket = socket;
    socket.on("data", (piece: Buffer) => this.#read(piece));
    socket.on("drain", () => this.#sink?.drained());
    socket.on("timeout", () => this.#fail(true));
    socket.on("error", () => this.#fail(false));
    socket.on("end", () => {
      if (this.#parser?.close() !== true) this.#fail(false);
    });
    socket.on("close", () => this.#fail(false));
  }

  /** Begins an exchange with its head. */
  begin(method: string, head: string, silenceMs: number, sink: ExchangeSink): void {
    this.#sink = sink;
    this.#sent = false;
    this.#answered = false;
    this.socket.setTimeout(silenceMs);
    this.#parser = new AnswerParser(method, {
      head: (status, reason, headers) => sink.head(status, reason, headers),
      data: (piece) => sink.data(piece),
      end: (reusable) => {
        this.#answered = true;
        if (!reusable) this.#sent = false;
        sink.end(reusable);
        this.#settle(reusable);
      },
    });
    this.socket.write(head, "latin1");
  }

  /** The request has been written to its end: once the answer is whole the connection is free again. */
  sent(): void {
    this.#sent = true;
    if (this.#answered) this.#settle(true);
  }

  /** Ends the exchange and the connection; nobody is told. */
  destroy(): void {
    this.#sink = null;
    this.#parser = null;
    this.socket.destroy();
  }

  #read(piece: Buffer): void {
    const sink = this.#sink;
    if (this.#parser === null) {
      // Nobody has asked: whatever this is, it must not become somebody's answer.
      this.socket.destroy();
      return;
    }
    try {
      this.#parser.push(piece);
    } catch {
      this.#fail(false);
      return;
    }
    sink?.piece();
  }

  #settle(reusable: boolean): void {
    if (!reusable) this.destroy();
    else if (this.#sent) {
      this.#sink = null;
      this.#parser = null;
      this.socket.setTimeout(POOLED_MS);
      // It may have been told to wait with its last piece; unread it would not notice that the other side closes.
      this.socket.resume();
      this.#pool.give(this.#endpoint, this);
    }
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
  readonly #all = new Set<Socket>();

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
    for (const socket of this.#all) socket.destroy();
    this.#idle.clear();
  }

  #connect(endpoint: string, connectMs: number): Promise<Upstream | null> {
    return new Promise((resolve) => {
      const socket = connect({ ...splitEndpoint(endpoint), noDelay: true });
      this.#all.add(socket);
      const done = (upstream: Upstream | null): void => {
        clearTimeout(timer);
        if (upstream === null) socket.destroy();
        resolve(upstream);
      };
      const timer = setTimeout(() => done(null), connectMs);
      // Both end the wait once; after that the connection has its own listeners.
      socket.once("error", () => done(null));
      socket.once("connect", () => done(new Upstream(this, endpoint, socket)));
      socket.once("close", () => {
        this.#all.delete(socket);
        done(null);
      });
    });
  }
}
