import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Switches for what real registries do on bad days. All off: a plain registry without login. */
export interface RegistryFaults {
  auth?: "basic" | "bearer";
  /** All tokens given out so far end with the first request of this method, long before what was promised. */
  tokensEndAt?: "HEAD" | "POST" | "PUT" | "GET";
  location?: "relative" | "absolute" | "cross-origin";
  noMount?: boolean;
  readOnly?: boolean;
  quota?: boolean;
  immutableTags?: boolean;
  /** Serve this many bytes wrong. */
  wrongContent?: boolean;
  /** Answer 401 to a HEAD of a blob that is not there. */
  headDenied?: boolean;
  /** Called for each request; what it returns is done instead of the answer. */
  intercept?: (request: { method: string; path: string; nth: number }) => Fault | undefined;
}

export type Fault =
  | { status: number; headers?: Record<string, string>; body?: string }
  /** Cut the connection: before anything, or after so many bytes of the request's body. */
  | { cut: "now" | "after-body" | number };

export const USER = "builder";
export const PASSWORD = "s3cret-pass";

const hash = (data: Buffer): string => `sha256:${createHash("sha256").update(data).digest("hex")}`;

/** An OCI registry in memory on loopback, written from the distribution specification, with switches for faults. */
export class FakeRegistry {
  readonly blobs = new Map<string, Map<string, Buffer>>();
  readonly manifests = new Map<string, { type: string; bytes: Buffer }>();
  readonly seen: { method: string; path: string; authorization: string | undefined; host: string }[] = [];
  receivedBytes = 0;
  readonly #uploads = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #tokens = new Set<string>();
  #ended = false;
  readonly #servers: Server[] = [];
  host = "";
  /** Another origin of the same registry, for redirects. */
  otherHost = "";

  constructor(readonly faults: RegistryFaults = {}) {}

  async start(): Promise<this> {
    this.host = await this.#listen();
    this.otherHost = await this.#listen();
    return this;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  async #listen(): Promise<string> {
    const server = createServer((req, res) => {
      this.#handle(req, res).catch(() => res.destroy());
    });
    this.#servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? "/", `http://${req.headers.host}`);
    const method = req.method ?? "GET";
    this.seen.push({
      method,
      path: url.pathname,
      authorization: req.headers.authorization,
      host: req.headers.host ?? "",
    });
    const key = `${method} ${url.pathname.replace(/sha256:[0-9a-f]+|[0-9a-f-]{36}/g, "*")}`;
    const nth = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, nth);
    const fault = this.faults.intercept?.({ method, path: url.pathname, nth });
    if (fault !== undefined && "cut" in fault) {
      if (typeof fault.cut === "number") {
        let size = 0;
        for await (const chunk of req as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size >= fault.cut) break;
        }
      } else if (fault.cut === "after-body") await this.#body(req);
      req.socket.destroy();
      return;
    }
    if (fault !== undefined) {
      req.resume();
      res.writeHead(fault.status, fault.headers).end(fault.body ?? "");
      return;
    }
    if (url.pathname === "/token") return this.#token(req, res);
    if (!this.#allowed(req)) {
      req.resume();
      const challenge =
        this.faults.auth === "basic"
          ? 'Basic realm="test"'
          : `Bearer realm="http://${this.host}/token",service="test, with comma",scope="x"`;
      return this.#error(res, 401, "UNAUTHORIZED", { "www-authenticate": challenge });
    }
    await this.#route(method, url, req, res);
  }

  #allowed(req: IncomingMessage): boolean {
    const { auth } = this.faults;
    const given = req.headers.authorization;
    // The other origin is a store behind signed links: it knows no login, and refuses to be shown one.
    if (req.headers.host === this.otherHost) return given === undefined;
    if (auth === undefined) return true;
    if (auth === "basic") return given === `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
    if (req.method === this.faults.tokensEndAt && !this.#ended) {
      this.#ended = true;
      this.#tokens.clear();
    }
    return this.#tokens.has(given?.replace("Bearer ", "") ?? "");
  }

  #token(req: IncomingMessage, res: ServerResponse): void {
    if (req.headers.authorization !== `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`) {
      this.#error(res, 401, "DENIED");
      return;
    }
    const token = randomUUID();
    this.#tokens.add(token);
    this.#json(res, 200, { token, expires_in: 300 });
  }

  async #route(method: string, url: URL, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const manifest = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname);
    const blob = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/.exec(url.pathname);
    const start = /^\/v2\/(.+)\/blobs\/uploads\/$/.exec(url.pathname);
    const upload = /^\/v2\/(.+)\/blobs\/uploads\/([0-9a-f-]{36})$/.exec(url.pathname);
    const writes = method === "PUT" || method === "POST" || method === "PATCH";
    if (writes && this.faults.readOnly) {
      req.resume();
      return this.#error(res, 405, "UNSUPPORTED");
    }
    if (manifest !== null) return this.#manifest(method, manifest[1]!, manifest[2]!, req, res);
    if (blob !== null) return this.#blob(method, blob[1]!, blob[2]!, res);
    if (start !== null && method === "POST") return this.#start(start[1]!, url, res);
    if (upload !== null && method === "PUT") return this.#finish(upload[1]!, upload[2]!, url, req, res);
    req.resume();
    this.#error(res, 404, "NAME_UNKNOWN");
  }

  async #manifest(
    method: string,
    repo: string,
    name: string,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    if (method === "PUT") {
      const bytes = await this.#body(req);
      const digest = hash(bytes);
      if (name.startsWith("sha256:") && name !== digest) return this.#error(res, 400, "DIGEST_INVALID");
      if (this.faults.immutableTags && !name.startsWith("sha256:") && this.manifests.has(`${repo} ${name}`)) {
        return this.#error(res, 409, "TAG_IMMUTABLE");
      }
      const known = this.blobs.get(repo);
      const document = JSON.parse(bytes.toString()) as { config?: { digest: string }; layers?: { digest: string }[] };
      for (const part of [document.config, ...(document.layers ?? [])]) {
        if (part !== undefined && known?.has(part.digest) !== true)
          return this.#error(res, 400, "MANIFEST_BLOB_UNKNOWN");
      }
      const type = String(req.headers["content-type"]);
      for (const key of [name, digest]) this.manifests.set(`${repo} ${key}`, { type, bytes });
      res.writeHead(201, { location: `/v2/${repo}/manifests/${digest}`, "docker-content-digest": digest }).end();
      return;
    }
    const found = this.manifests.get(`${repo} ${name}`);
    if (found === undefined) return this.#error(res, 404, "MANIFEST_UNKNOWN");
    const bytes = this.faults.wrongContent ? Buffer.concat([found.bytes, Buffer.from(" ")]) : found.bytes;
    res.writeHead(200, { "content-type": found.type, "content-length": bytes.length });
    res.end(method === "HEAD" ? undefined : bytes);
  }

  #blob(method: string, repo: string, digest: string, res: ServerResponse): void {
    const found = this.blobs.get(repo)?.get(digest);
    if (found === undefined) {
      this.#error(res, method === "HEAD" && this.faults.headDenied ? 401 : 404, "BLOB_UNKNOWN");
      return;
    }
    if (method === "GET" && this.faults.location === "cross-origin" && res.req.headers.host !== this.otherHost) {
      res.writeHead(307, { location: `http://${this.otherHost}/v2/${repo}/blobs/${digest}?sig=1` }).end();
      return;
    }
    const bytes = this.faults.wrongContent ? Buffer.from(found).fill(0, 0, 1) : found;
    res.writeHead(200, { "content-length": bytes.length }).end(method === "HEAD" ? undefined : bytes);
  }

  #start(repo: string, url: URL, res: ServerResponse): void {
    const mount = url.searchParams.get("mount");
    const bytes = mount === null ? undefined : this.blobs.get(url.searchParams.get("from") ?? "")?.get(mount);
    if (mount !== null && bytes !== undefined && !this.faults.noMount) {
      this.#store(repo, mount, bytes);
      res.writeHead(201, { location: `/v2/${repo}/blobs/${mount}` }).end();
      return;
    }
    const id = randomUUID();
    this.#uploads.set(id, repo);
    const path = `/v2/${repo}/blobs/uploads/${id}?state=abc`;
    const location = {
      relative: path,
      absolute: `http://${this.host}${path}`,
      "cross-origin": `http://${this.otherHost}${path}`,
    };
    res.writeHead(202, { location: location[this.faults.location ?? "relative"] }).end();
  }

  async #finish(repo: string, id: string, url: URL, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const bytes = await this.#body(req);
    this.receivedBytes += bytes.length;
    if (this.#uploads.get(id) !== repo || url.searchParams.get("state") !== "abc")
      return this.#error(res, 404, "BLOB_UPLOAD_UNKNOWN");
    if (this.faults.quota) return this.#error(res, 403, "DENIED", {}, "quota exceeded for this project");
    const digest = url.searchParams.get("digest") ?? "";
    if (hash(bytes) !== digest) return this.#error(res, 400, "DIGEST_INVALID");
    this.#uploads.delete(id);
    this.#store(repo, digest, bytes);
    res.writeHead(201, { location: `/v2/${repo}/blobs/${digest}` }).end();
  }

  #store(repo: string, digest: string, bytes: Buffer): void {
    if (!this.blobs.has(repo)) this.blobs.set(repo, new Map());
    this.blobs.get(repo)!.set(digest, bytes);
  }

  async #body(req: IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) parts.push(chunk);
    return Buffer.concat(parts);
  }

  #json(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
    res.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  }

  #error(
    res: ServerResponse,
    status: number,
    code: string,
    headers: Record<string, string> = {},
    message = code,
  ): void {
    this.#json(res, status, { errors: [{ code, message }] }, headers);
  }
}
