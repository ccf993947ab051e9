import type { Socket } from "node:net";
import type { ClientRequest } from "./client-request.js";
import type { RequestHead } from "./request-head.js";
import { writeTogether } from "./write-together.js";

/** The client's connection, as an answer sees it. */
export interface AnswerGate {
  readonly socket: Socket;
  /** What is said about the connection when another request may come over it, in lines of a header; null when none may. */
  keeps(keepAlive: boolean): string | null;
  /** To be called when the last byte has left this process. */
  readonly flushed: (error?: Error | null) => void;
  /** The last byte waits for the client to read. */
  waiting(): void;
}

/** How the client knows where the body ends (RFC 9112, 6.3): there is none, by its length, by chunks, or by the end of the connection. */
type Framing = "none" | "length" | "chunks" | "close";

/** The answer to one request, written as it comes. */
export class ClientAnswer {
  readonly #request: ClientRequest;
  readonly #told: Pick<RequestHead, "isOld" | "keepAlive">;
  readonly #gate: AnswerGate;
  #status: number | null = null;
  #keeps = false;
  #ended = false;
  #gone = false;
  #framing: Framing = "none";
  /** The head waits for the first piece, to go out together with it. */
  #head = "";

  constructor(request: ClientRequest, told: Pick<RequestHead, "isOld" | "keepAlive">, gate: AnswerGate) {
    this.#request = request;
    this.#told = told;
    this.#gate = gate;
  }

  /** Null before the head is known. */
  get status(): number | null {
    return this.#status;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Another request may come behind this answer. */
  get keeps(): boolean {
    return this.#keeps;
  }

  /** Nobody is there to read it. */
  get gone(): boolean {
    return this.#gone || this.#gate.socket.destroyed;
  }

  lose(): void {
    this.#gone = true;
  }

  /** @param headers names and values in turn, without those that concern the connection */
  begin(status: number, reason: string, headers: readonly string[]): void {
    this.#status = status;
    let head = `HTTP/1.1 ${status} ${reason}\r\n`;
    let dated = false;
    let hasLength = false;
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i]!;
      if (name.length === 4) dated ||= name.toLowerCase() === "date";
      else if (name.length === 14 && name.toLowerCase() === "content-length") {
        // RFC 9110, 8.6: there is no length where there cannot be a body.
        if (status === 204) continue;
        hasLength = true;
      }
      head += `${name}: ${headers[i + 1]}\r\n`;
    }
    if (!dated) head += `Date: ${today()}\r\n`;
    this.#framing = this.#frame(status, hasLength);
    // An answer that comes before the end of the request ends the connection: what is left of the body has no reader.
    const kept = this.#framing === "close" || !this.#request.complete ? null : this.#gate.keeps(this.#told.keepAlive);
    this.#keeps = kept !== null;
    head += kept ?? "Connection: close\r\n";
    if (this.#framing === "chunks") head += "Transfer-Encoding: chunked\r\n";
    this.#head = `${head}\r\n`;
  }

  /** False: wait until the reader is told `drained`. */
  write(piece: Buffer): boolean {
    if (this.#framing === "none" || piece.length === 0) return true;
    return this.#put(piece, "");
  }

  /** Sends the head when it still waits. */
  flush(): void {
    if (this.#head === "" || this.#ended) return;
    const head = this.#head;
    this.#head = "";
    this.#gate.socket.write(head, "latin1");
  }

  /** The end, with the last piece where there is one. */
  end(piece: Buffer | null = null): void {
    this.#ended = true;
    const tail = this.#framing === "chunks" ? "0\r\n\r\n" : "";
    const { socket, flushed } = this.#gate;
    if (piece !== null && piece.length > 0 && this.#framing !== "none") this.#put(piece, tail, flushed);
    else socket.write(this.#head + tail, "latin1", flushed);
    if (socket.writableLength > 0) this.#gate.waiting();
  }

  /** Only the broken connection can tell that an answer is not whole. */
  destroy(): void {
    this.#gate.socket.destroy();
  }

  #frame(status: number, hasLength: boolean): Framing {
    if (this.#request.method === "HEAD" || status === 204 || status === 304) return "none";
    if (hasLength) return "length";
    return this.#told.isOld ? "close" : "chunks";
  }

  #put(piece: Buffer, tail: string, flushed?: AnswerGate["flushed"]): boolean {
    const head = this.#head;
    this.#head = "";
    const { socket } = this.#gate;
    if (this.#framing !== "chunks") return writeTogether(socket, head, piece, "", flushed);
    return writeTogether(socket, `${head}${piece.length.toString(16)}\r\n`, piece, `\r\n${tail}`, flushed);
  }
}

let second = 0;
let said = "";

/** The time of day as RFC 9110, 5.6.7 wants it, written anew once a second. */
function today(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    said = new Date(now * 1000).toUTCString();
  }
  return said;
}
