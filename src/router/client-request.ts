import type { RequestHead } from "./request-head.js";

/** Who works on a request. After `gone` or `answerOut` nothing more is told. */
export interface RequestReader {
  bodyPiece(piece: Buffer): void;
  /** The body is whole. */
  bodyEnd(): void;
  /** All of the body that has come together has been told. */
  bodyWaits(): void;
  /** More of the answer may be written. */
  answerDrained(): void;
  /** The whole answer has left this process. */
  answerOut(): void;
  /** The client left, or was too slow, before that. */
  gone(): void;
}

/** The way to the client's connection. */
export interface BodyGate {
  pause(): void;
  resume(): void;
  /** The body is waited for. */
  goOn(): void;
}

/** A request as it comes in: its head, and the body once somebody reads it. */
export class ClientRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  /** Bytes of the body; null: it comes in chunks. */
  readonly length: number | null;
  /** Address of the client. */
  readonly remote: string;
  readonly #gate: BodyGate;
  readonly #waits: boolean;
  #reader: RequestReader | null = null;
  /** What came before somebody read it: no more than comes in one piece, because the gate is closed behind it. */
  #early: Buffer[] | null = null;
  #complete: boolean;

  constructor({ method, target, headers, length, waits }: RequestHead, remote: string, gate: BodyGate) {
    this.method = method;
    this.target = target;
    this.headers = headers;
    this.length = length;
    this.remote = remote;
    this.#waits = waits;
    this.#gate = gate;
    this.#complete = length === 0;
  }

  /** The whole body has come. */
  get complete(): boolean {
    return this.#complete;
  }

  get reader(): RequestReader | null {
    return this.#reader;
  }

  /** From now on this one is told, first of what has come already. */
  read(reader: RequestReader): void {
    this.#reader = reader;
    const early = this.#early;
    if (early !== null) {
      this.#early = null;
      // Before they are told: it may have to be closed again for them.
      this.#gate.resume();
      for (const piece of early) reader.bodyPiece(piece);
    } else if (this.#waits && !this.#complete) this.#gate.goOn();
    if (this.#complete) reader.bodyEnd();
  }

  pause(): void {
    if (!this.#complete) this.#gate.pause();
  }

  resume(): void {
    this.#gate.resume();
  }

  deliver(piece: Buffer): void {
    if (this.#reader !== null) this.#reader.bodyPiece(piece);
    else if (this.#early === null) {
      this.#early = [piece];
      this.#gate.pause();
    } else this.#early.push(piece);
  }

  finish(): void {
    if (this.length === 0) return;
    this.#complete = true;
    this.#reader?.bodyEnd();
  }
}
