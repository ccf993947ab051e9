import type { IncomingMessage } from "node:http";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { pause as wait } from "../../core/pause.js";
import { type AccessOptions, Connection, type Socket } from "./connection.js";
import { KubeError, type Status, unreachable } from "./errors.js";
import { type KubeList, type KubeObject, pathOf, type Reference } from "./resources.js";

const LARGEST = 64 * 1024 * 1024;
const IDLE_MS = 30_000;
/** As long as an API server that is being replaced may be away. */
const PATIENCE_MS = 90_000;

export type Query = Record<string, string | number | boolean | undefined>;

export interface Call {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Query;
  body?: unknown;
  type?: string;
  /** Never sent twice, even when the first time was not answered. */
  once?: boolean;
  patienceMs?: number;
}

/**
 * The API of one cluster, in one namespace. What can be repeated is repeated while the server is busy (429), broken (5xx) or away, for a
 * minute and a half; everything else is told at once in the server's own words.
 */
export class KubeApi {
  readonly namespace: string;
  readonly #connection: Connection;
  readonly #ctx: Pick<Context, "signal" | "emit">;
  /** Of the server's clock, in milliseconds: what several people compare must not depend on their own clocks. */
  #ahead = 0;

  constructor(ctx: Pick<Context, "signal" | "emit">, access: AccessOptions, connection = Connection.open(access)) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.namespace = access.namespace;
  }

  /** The same connection with another signal: cleaning up goes on after Ctrl-C. */
  with(signal: AbortSignal): KubeApi {
    const access = { kubeconfig: null, context: null, namespace: this.namespace };
    return new KubeApi({ emit: this.#ctx.emit, signal }, access, this.#connection);
  }

  get signal(): AbortSignal {
    return this.#ctx.signal;
  }

  get server(): string {
    return this.#connection.server;
  }

  /** Milliseconds since the epoch by the server's clock, to a second. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  close(): void {
    this.#connection.close();
  }

  get<T extends KubeObject>(ref: Reference): Promise<T> {
    return this.call<T>({ method: "GET", path: this.path(ref) });
  }

  /** Null where it is not there. */
  async find<T extends KubeObject>(ref: Reference): Promise<T | null> {
    try {
      return await this.get<T>(ref);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return null;
      throw error;
    }
  }

  async list<T extends KubeObject>(kind: Omit<Reference, "name">, query: Query = {}): Promise<KubeList<T>> {
    return this.call<KubeList<T>>({ method: "GET", path: this.path(kind), query });
  }

  create<T extends KubeObject>(object: T): Promise<T> {
    const { apiVersion, kind } = object;
    return this.call<T>({ method: "POST", path: this.path({ apiVersion, kind }), body: object, once: true });
  }

  /** Replaces an object. With its `resourceVersion` only when nobody else has changed it since. */
  replace<T extends KubeObject>(object: T): Promise<T> {
    return this.call<T>({ method: "PUT", path: this.path(referenceOf(object)), body: object, once: true });
  }

  /** @param patch a JSON merge patch (RFC 7386) */
  merge<T extends KubeObject>(ref: Reference, patch: unknown): Promise<T> {
    const type = "application/merge-patch+json";
    return this.call<T>({ method: "PATCH", path: this.path(ref), body: patch, type });
  }

  /** True where there was something to delete. Dependants go in the background. */
  async remove(ref: Reference, options: { graceSeconds?: number; uid?: string } = {}): Promise<boolean> {
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: "Background",
      ...(options.graceSeconds === undefined ? {} : { gracePeriodSeconds: options.graceSeconds }),
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
    };
    try {
      await this.call({ method: "DELETE", path: this.path(ref), body });
      return true;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return false;
      throw error;
    }
  }

  path(ref: Omit<Reference, "name"> & { name?: string }): string {
    return pathOf(ref, this.namespace);
  }

  async call<T>(call: Call): Promise<T> {
    const text = await this.text(call);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async text(call: Call): Promise<string> {
    return this.#patiently(call, async () => readAll(await this.#answer(call, IDLE_MS), this.server, this.signal));
  }

  /** The head of an answer that goes on; trying again is the caller's business. @param idleMs silence after which it counts as dead */
  stream(path: string, query: Query, idleMs: number, signal = this.signal): Promise<IncomingMessage> {
    return this.#answer({ method: "GET", path, query }, idleMs, signal);
  }

  socket(
    path: string,
    message: (channel: number, data: Buffer) => void,
    protocols?: readonly string[],
  ): Promise<Socket> {
    return this.#connection.socket(path, message, protocols).catch((cause: { message?: string }) => {
      throw unreachable(this.server, new Error(cause.message ?? "the connection was refused"), this.signal);
    });
  }

  async #answer(call: Call, idleMs: number, signal = this.signal): Promise<IncomingMessage> {
    const { method, query = {}, body, type = "application/json" } = call;
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, String(value)]],
      ),
    ).toString();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.#connection.send({
      method,
      path: search === "" ? call.path : `${call.path}?${search}`,
      headers: {
        Accept: "application/json",
        ...(text === undefined ? {} : { "Content-Type": type, "Content-Length": Buffer.byteLength(text) }),
      },
      ...(text === undefined ? {} : { body: text }),
      idleMs,
      signal,
    });
    const date = Date.parse(answer.headers.date ?? "");
    if (!Number.isNaN(date)) this.#ahead = Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    const words = await readAll(answer, this.server, signal);
    const error = new KubeError(`${method} ${call.path}`, status, asStatus(words));
    const after = Number(answer.headers["retry-after"]);
    if (Number.isFinite(after)) Object.assign(error.data, { retryAfter: after });
    throw error;
  }

  async #patiently<T>(call: Call, attempt: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const patience = call.patienceMs ?? PATIENCE_MS;
    let said = false;
    for (let pause = 200; ; pause = Math.min(5000, pause * 2)) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof OperationError) || !error.retryable) throw error;
        const busy = error instanceof KubeError && error.status === 429;
        const waited = performance.now() - began;
        // A refusal for being busy comes before anything is done; after all other failures it may have been done.
        // A server that is away comes back; one that fails at this very request (500) seldom thinks better of it.
        const limit = error instanceof KubeError && error.status === 500 ? patience / 9 : patience;
        if ((call.once === true && !busy) || waited > limit) throw error;
        if (!said && waited > 3000) {
          said = true;
          this.#ctx.emit({
            code: "kube.retry",
            level: "warn",
            text: `${error.message}; trying again`,
            data: error.data,
          });
        }
        const after = error.data.retryAfter;
        const ms = typeof after === "number" ? Math.min(after * 1000, patience) : pause;
        await wait(ms, this.signal);
      }
    }
  }
}

export function referenceOf({ apiVersion, kind, metadata }: KubeObject): Reference {
  return { apiVersion, kind, name: metadata.name };
}

function asStatus(text: string): Status {
  try {
    return JSON.parse(text) as Status;
  } catch {
    return { message: text.trim().slice(0, 300) };
  }
}

async function readAll(answer: IncomingMessage, server: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST) throw new Error(`the answer has more than ${LARGEST} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw unreachable(server, cause as Error, signal);
  }
  return Buffer.concat(chunks).toString("utf8");
}
