import { type AddressInfo, createServer, type Server } from "node:net";
import { ClientConnection, type ClientHandler, type FrontState } from "./client-connection.js";
import type { RouteLimits } from "./route.js";

/** How often it is looked which client takes too long: one timer for all connections. */
const CHECK_MS = 500;

/** Listens for clients and keeps their connections. */
export class Front {
  readonly #server: Server;
  readonly #state: FrontState;
  readonly #connections = new Set<ClientConnection>();
  #timer: NodeJS.Timeout | undefined;

  constructor(handler: ClientHandler, headBytes: number, limits: RouteLimits) {
    this.#state = { handler, headBytes, limits, keepLines: "", leaving: false, closing: false };
    // A client that shuts its side is told what was wrong with what it had sent until then.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new ClientConnection(socket, this.#state);
      this.#connections.add(connection);
      socket.once("close", () => this.#connections.delete(connection));
    });
    this.#server.on("drop", () => handler.refused("connections"));
    this.apply(limits);
  }

  /** Limits hold at once, also for connections that stand. */
  apply(limits: RouteLimits): void {
    this.#state.limits = limits;
    this.#state.keepLines = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(limits.idle_ms / 1000)}\r\n`;
    this.#server.maxConnections = limits.connections;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Resolves with the port. Rejects with the system's error when the port cannot be had. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port, backlog: 1024 }, () => {
        this.#server.off("error", reject);
        this.#timer = setInterval(() => this.#check(), CHECK_MS);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Each connection ends with its next answer. */
  leave(): void {
    this.#state.leaving = true;
  }

  /** No new connection, and each ends as soon as nothing is on its way over it. Resolves when the last one has ended. */
  close(): Promise<void> {
    this.leave();
    this.#state.closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.closeIdle();
    return closed.finally(() => clearInterval(this.#timer));
  }

  /** Ends all connections, whatever is on its way. */
  destroy(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.check(now);
  }
}
