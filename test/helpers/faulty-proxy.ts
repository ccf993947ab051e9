import { readFile, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { KubeApi } from "../../src/kube/client/api.js";

/** Bytes between a client and the API server, which can be cut off. */
export class FaultyProxy {
  cuts = 0;
  /** Refuse new connections: the API server is away. */
  away = false;
  readonly #open = new Set<Socket>();

  private constructor(
    readonly kubeconfig: string,
    readonly server: Server,
  ) {}

  /** @param folder where a kubeconfig is written that leads through the proxy */
  static async before(kubeconfig: string, folder: string): Promise<FaultyProxy> {
    const config = parse(await readFile(kubeconfig, "utf8"));
    const { cluster } = config.clusters[0];
    const url = new URL(cluster.server);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cluster.server = `https://localhost:${(server.address() as AddressInfo).port}`;
    const path = join(folder, "proxied");
    await writeFile(path, stringify(config));
    const proxy = new FaultyProxy(path, server);
    server.on("connection", (client) => {
      if (proxy.away) {
        client.destroy();
        return;
      }
      const upstream = connect(Number(url.port), url.hostname);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        proxy.#open.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          proxy.#open.delete(socket);
          other.destroy();
        });
      }
      client.pipe(upstream).pipe(client);
    });
    return proxy;
  }

  api(namespace: string): KubeApi {
    const ctx = { signal: new AbortController().signal, emit: () => undefined };
    return new KubeApi(ctx, { kubeconfig: this.kubeconfig, context: null, namespace });
  }

  cutAll(): void {
    if (this.#open.size > 0) this.cuts += 1;
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
