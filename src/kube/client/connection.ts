import { type ClientRequestArgs, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { WebSocket } from "ws";
import { UserError } from "../../core/errors.js";
import { unreachable } from "./errors.js";

export interface AccessOptions {
  /** Path of a kubeconfig file; null inside a pod, which uses its own service account. */
  kubeconfig: string | null;
  /** A context of the file; null: its current one. */
  context: string | null;
  namespace: string;
}

export type Socket = WebSocket;

export interface RawCall {
  method: string;
  path: string;
  headers?: Record<string, string | number>;
  body?: string | Buffer;
  /** Silence, in milliseconds, after which the connection counts as dead. 0: for ever. */
  idleMs: number;
  signal: AbortSignal;
}

/**
 * A way into one cluster, as a kubeconfig describes it: certificates, tokens, exec plugins, proxies, custom authorities. client-node
 * reads the file and makes the credentials; how connections are kept, watched and tried again is ours.
 */
export class Connection {
  readonly server: string;
  readonly #config: KubeConfig;
  readonly #proxied: boolean;
  #agent: { key: string; agent: Agent } | null = null;

  private constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new UserError("IAPP_KUBE_CONFIG", "the kubeconfig's context names no cluster");
    this.#config = config;
    this.server = cluster.server.replace(/\/+$/, "");
    this.#proxied = cluster.proxyUrl !== undefined;
  }

  /** @throws UserError when the file cannot be read or has no such context */
  static open({ kubeconfig, context }: Pick<AccessOptions, "kubeconfig" | "context">): Connection {
    const config = new KubeConfig();
    if (kubeconfig === null) {
      config.loadFromCluster();
      return new Connection(config);
    }
    try {
      config.loadFromFile(kubeconfig);
    } catch (cause) {
      throw new UserError("IAPP_KUBE_CONFIG", `${kubeconfig} is no kubeconfig: ${(cause as Error).message}`);
    }
    const names = config.getContexts().map(({ name }) => name);
    if (context !== null && !names.includes(context)) {
      throw new UserError("IAPP_KUBE_CONTEXT", `${kubeconfig} has no context ${context}`, {
        remedy: names.length === 0 ? "It has none at all." : `It has: ${names.join(", ")}.`,
      });
    }
    if (context !== null) config.setCurrentContext(context);
    return new Connection(config);
  }

  /** Contexts of a kubeconfig, the current one first. */
  static contexts(kubeconfig: string): string[] {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const current = config.getCurrentContext();
    return config
      .getContexts()
      .map(({ name }) => name)
      .sort((a, b) => Number(b === current) - Number(a === current));
  }

  /** One request, without any second try. Resolves with the answer's head; the body is for the caller to read. */
  async send(call: RawCall): Promise<IncomingMessage> {
    const url = new URL(this.server + call.path);
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options as never).catch((cause: unknown) => {
      throw new UserError("IAPP_KUBE_CREDENTIALS", `no credentials for ${this.server}: ${(cause as Error).message}`);
    });
    const headers = { ...(options.headers as Record<string, string>), ...call.headers };
    const wanted: ClientRequestArgs = {
      method: call.method,
      headers,
      agent: this.#proxied ? options.agent : this.#keptAgent(options),
      ...(options.auth == null ? {} : { auth: options.auth }),
      timeout: call.idleMs,
      signal: call.signal,
    };
    return new Promise((resolve, reject) => {
      const send = url.protocol === "http:" ? httpRequest : httpsRequest;
      const req = send(url, url.protocol === "http:" ? { ...wanted, agent: undefined } : wanted, resolve);
      req.on("timeout", () => req.destroy(new Error(`no word for ${call.idleMs / 1000} s`)));
      req.on("error", (cause) => reject(unreachable(this.server, cause, call.signal)));
      req.end(call.body);
    });
  }

  /** A WebSocket for port-forward and exec, open. `message` gets the channel (the first byte of each message) and the bytes after it. */
  async socket(
    path: string,
    message: (channel: number, data: Buffer) => void,
    protocols: readonly string[] = ["v4.channel.k8s.io"],
  ): Promise<Socket> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options as never);
    const socket = new WebSocket(`${this.server.replace(/^http/, "ws")}${path}`, [...protocols], options as never);
    socket.on("message", (data: Buffer) => {
      if (data.length > 0) message(data[0]!, data.subarray(1));
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return socket;
  }

  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = null;
  }

  /** One agent as long as the credentials are the same: a handshake costs more than a request. */
  #keptAgent(options: RequestOptions): Agent {
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const name = JSON.stringify([String(ca), String(cert), String(key), servername, rejectUnauthorized]);
    if (this.#agent?.key !== name) {
      const given = Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(
        ([, v]) => v !== undefined,
      );
      this.#agent = { key: name, agent: new Agent({ keepAlive: true, ...Object.fromEntries(given) }) };
    }
    return this.#agent.agent;
  }
}
