import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IappEvent } from "../../src/core/events.js";
import { KubeApi } from "../../src/kube/client/api.js";

type Handler = (req: IncomingMessage, res: ServerResponse, nth: number) => void;

/** A small HTTP server that answers as a test wants: for what a real API server does only on bad days. */
export class FakeApiServer {
  readonly events: IappEvent[] = [];
  readonly requests: string[] = [];
  handle: Handler = (_req, res) => res.writeHead(404).end();

  private constructor(
    readonly server: Server,
    readonly folder: string,
  ) {}

  static async start(): Promise<FakeApiServer> {
    const folder = await mkdtemp(join(tmpdir(), "iapp-api-"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const fake = new FakeApiServer(server, folder);
    server.on("request", (req, res) => {
      fake.requests.push(`${req.method} ${req.url}`);
      req.resume();
      fake.handle(req, res, fake.requests.length);
    });
    const { port } = server.address() as AddressInfo;
    const config = {
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: "secret-token-value" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    await writeFile(join(folder, "kubeconfig"), JSON.stringify(config));
    return fake;
  }

  api(signal: AbortSignal = new AbortController().signal): KubeApi {
    const ctx = { signal, emit: (event: IappEvent) => void this.events.push(event) };
    return new KubeApi(ctx, { kubeconfig: join(this.folder, "kubeconfig"), context: null, namespace: "n" });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function send(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  res.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
}

export const status = (code: number, reason: string, message: string) => {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message };
};
