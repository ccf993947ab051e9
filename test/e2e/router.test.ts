import { createHash } from "node:crypto";
import { Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcp } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, EMPTY_ROUTE, type RouteDocument } from "../../src/router/route.js";
import { type AccessRecord, Router } from "../../src/router/server.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function upstream(listener: RequestListener): Promise<{ endpoint: string; server: Server }> {
  const server = createServer({ keepAliveTimeout: 5000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** A port on which nobody listens. */
async function deadEndpoint(): Promise<string> {
  const { endpoint, server } = await upstream(() => undefined);
  await new Promise((resolve) => server.close(resolve));
  return endpoint;
}

interface Setup {
  router: Router;
  port: number;
  access: AccessRecord[];
  set: (versions: Record<string, [weight: number, ...endpoints: string[]]>, more?: Partial<RouteDocument>) => void;
}

async function start(): Promise<Setup> {
  const access: AccessRecord[] = [];
  const router = new Router({ host: "127.0.0.1", port: 0, onAccess: (record) => access.push(record) });
  const port = await router.listen();
  closers.push(() => router.drain(0));
  let generation = 0;
  return {
    router,
    port,
    access,
    set: (versions, more = {}) => {
      generation += 1;
      const document = {
        schema: "iapp.route/1",
        generation,
        versions: Object.entries(versions).map(([name, [weight, ...endpoints]]) => ({ name, weight, endpoints })),
        ...more,
      };
      expect(router.read(JSON.stringify(document)), router.status().problem ?? "").toBe(true);
    },
  };
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

function ask(port: number, options: object = {}, body?: string | Readable): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request({ host: "127.0.0.1", port, path: "/predict", method: "POST", ...options }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("end", () => resolve({ status: res.statusCode!, headers: res.headers, body: Buffer.concat(chunks) }));
      res.on("error", reject);
    });
    req.on("error", reject);
    if (body instanceof Readable) body.pipe(req);
    else req.end(body);
  });
}

const echo =
  (name: string): RequestListener =>
  (req, res) => {
    res.setHeader("X-Name", name);
    req.pipe(res);
  };

/** Sends text as it is and resolves with all that comes back until the other side closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk.toString();
    });
    socket.on("close", () => resolve(got));
    socket.on("error", reject);
  });
}

describe("the router", () => {
  it("passes requests on and answers back, with an id and the version", async () => {
    const { port, set, access } = await start();
    let seen: IncomingMessage["headers"] = {};
    const { endpoint } = await upstream((req, res) => {
      seen = req.headers;
      echo("a")(req, res);
    });
    set({ v1: [1000, endpoint] });
    const answer = await ask(port, { headers: { "X-Request-Id": "mine", Connection: "x-hop", "X-Hop": "1" } }, "hello");
    expect(answer).toMatchObject({ status: 200, headers: { "x-request-id": "mine", "x-iapp-version": "v1" } });
    expect(answer.body.toString()).toBe("hello");
    expect(seen).toMatchObject({ "x-request-id": "mine", "x-iapp-version": "v1", "x-forwarded-for": "127.0.0.1" });
    expect(seen["x-hop"]).toBeUndefined();
    expect((await ask(port)).headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(access[0]).toMatchObject({ id: "mine", method: "POST", path: "/predict", version: "v1", status: 200 });
  });

  it("streams both ways without keeping a body", async () => {
    const { port, set } = await start();
    const { endpoint } = await upstream(echo("a"));
    set({ v1: [1000, endpoint] });
    const block = Buffer.alloc(65_536, "x");
    const blocks = 1600;
    const before = process.memoryUsage().rss;
    let most = before;
    const sent = createHash("sha256");
    const received = createHash("sha256");
    let bytes = 0;
    await new Promise<void>((resolve, reject) => {
      const req = request({ host: "127.0.0.1", port, path: "/", method: "POST" }, (res) => {
        res.on("data", (chunk: Buffer) => {
          received.update(chunk);
          bytes += chunk.length;
          most = Math.max(most, process.memoryUsage().rss);
        });
        res.on("end", resolve);
        res.on("error", reject);
      });
      Readable.from(
        (function* () {
          for (let i = 0; i < blocks; i++) {
            block.writeUInt32LE(i);
            sent.update(block);
            yield Buffer.from(block);
          }
        })(),
      ).pipe(req);
    });
    expect(bytes).toBe(blocks * block.length);
    expect(received.digest("hex")).toBe(sent.digest("hex"));
    expect(most - before).toBeLessThan(80 * 1024 * 1024);
  });

  it("sends the first part of an answer on before the last one is there", async () => {
    const { port, set } = await start();
    let finish = (): void => undefined;
    const { endpoint } = await upstream((_req, res) => {
      res.write("first");
      finish = () => res.end("last");
    });
    set({ v1: [1000, endpoint] });
    const parts: string[] = [];
    await new Promise<void>((resolve) => {
      request({ host: "127.0.0.1", port, method: "GET" }, (res) => {
        res.on("data", (chunk: Buffer) => {
          parts.push(chunk.toString());
          finish();
        });
        res.on("end", resolve);
      }).end();
    });
    expect(parts).toEqual(["first", "last"]);
  });

  it("splits by weight, obeys the version header, and says which versions there are", async () => {
    const { port, set } = await start();
    const [a, b] = [await upstream(echo("a")), await upstream(echo("b"))];
    set({ v1: [900, a.endpoint], v2: [100, b.endpoint] });
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    closers.push(() => agent.destroy());
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(port, { agent }, "x")));
    expect(answers.filter(({ headers }) => headers["x-name"] === "b")).toHaveLength(20);
    expect((await ask(port, { headers: { "X-Iapp-Version": "v2" } })).headers["x-name"]).toBe("b");
    const unknown = await ask(port, { headers: { "X-Iapp-Version": "v9" } });
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.body.toString())).toMatchObject({
      error: { code: "unknown_version" },
      versions: ["v1", "v2"],
    });
  });

  it("answers 503 with Retry-After while nothing is live, and never asks the other version instead", async () => {
    const { port, set, router } = await start();
    expect((await ask(port)).headers["retry-after"]).toBe("1");
    let asked = 0;
    const other = await upstream((_req, res) => {
      asked += 1;
      res.end();
    });
    set({ v1: [1000, await deadEndpoint()], v2: [0, other.endpoint] });
    const answer = await ask(port, {}, "x");
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "1", "x-request-id": expect.any(String) } });
    expect(JSON.parse(answer.body.toString()).error.code).toBe("no_endpoint");
    expect(asked).toBe(0);
    expect(router.metrics.counts()).toMatchObject({ v1: { retries: 0, connect_failures: 1, requests: { "5xx": 1 } } });
  });

  it("tries the version's next endpoint once, with the whole body, and counts it", async () => {
    const { port, set, router } = await start();
    const { endpoint } = await upstream(echo("a"));
    set({ v1: [1000, await deadEndpoint(), endpoint] });
    const body = "y".repeat(200_000);
    const answers = [await ask(port, {}, body), await ask(port, {}, body)];
    expect(answers.map(({ status, body: got }) => [status, got.length])).toEqual([
      [200, 200_000],
      [200, 200_000],
    ]);
    expect(router.metrics.counts().v1?.retries).toBeGreaterThanOrEqual(1);
  });

  it("does not repeat a request that may have been acted on", async () => {
    const { port, set } = await start();
    let asked = 0;
    const { endpoint } = await upstream((req) => {
      asked += 1;
      req.socket.destroy();
    });
    set({ v1: [1000, endpoint, endpoint] });
    expect((await ask(port, {}, "x")).status).toBe(502);
    expect(asked).toBe(1);
  });

  it("breaks the connection when an answer ends too early", async () => {
    const { port, set, access } = await start();
    const { endpoint } = await upstream((_req, res) => {
      res.writeHead(200, { "Content-Length": "10" });
      res.write("12345", () => res.destroy());
    });
    set({ v1: [1000, endpoint] });
    await expect(ask(port)).rejects.toThrow();
    await expect.poll(() => access[0]?.status).toBe(502);
  });

  it("answers 504 when the service stays silent, and lets go of it", async () => {
    const { port, set } = await start();
    const { endpoint } = await upstream(() => undefined);
    set({ v1: [1000, endpoint] }, { limits: { ...DEFAULT_LIMITS, upstream_ms: 100 } });
    expect((await ask(port)).status).toBe(504);
  });

  it("tells the service when the client has left", async () => {
    const { port, set, router } = await start();
    let closed = false;
    const { endpoint } = await upstream((_req, res) => {
      res.on("close", () => {
        closed = true;
      });
      res.write("x");
    });
    set({ v1: [1000, endpoint] });
    const req = request({ host: "127.0.0.1", port }, (res) => {
      res.on("error", () => undefined);
      res.once("data", () => req.destroy());
    });
    req.on("error", () => undefined);
    req.end();
    await expect.poll(() => closed).toBe(true);
    await expect.poll(() => router.metrics.counts().v1).toMatchObject({ in_flight: 0, requests: { aborted: 1 } });
  });

  it("passes an answer on that comes before the end of the request", async () => {
    const { port, set } = await start();
    const { endpoint } = await upstream((_req, res) => {
      res.writeHead(413, { "Content-Length": "3", Connection: "close" });
      res.end("big");
    });
    set({ v1: [1000, endpoint] });
    const answer = await ask(port, { headers: { "Content-Length": "50000000" } }, "part").catch((error) => error);
    expect(answer).toMatchObject({ status: 413 });
  });

  it("refuses upgrades, tunnels and nonsense in words", async () => {
    const { port, set } = await start();
    const { endpoint } = await upstream(echo("a"));
    set({ v1: [1000, endpoint] });
    expect(await raw(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")).toMatch(
      /^HTTP\/1.1 501 Not Implemented/,
    );
    expect(await raw(port, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 501/);
    expect(await raw(port, "NONSENSE\r\n\r\n")).toMatch(/^HTTP\/1.1 400 [\s\S]*"malformed"/);
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
    const smuggled = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(await raw(port, smuggled)).toMatch(/^HTTP\/1.1 400/);
  });

  it("keeps its connections, also those that had to wait for a slow reader, and notices when they end", async () => {
    const { port, set } = await start();
    const big = Buffer.alloc(3_000_000, "x");
    const { endpoint, server } = await upstream((req, res) => {
      req.resume();
      req.on("end", () => res.end(req.url === "/big" ? big : "ok"));
    });
    let connections = 0;
    server.on("connection", () => {
      connections += 1;
    });
    set({ v1: [1000, endpoint] });
    for (let i = 0; i < 5; i++) {
      expect((await ask(port, { path: "/big" }, "a body")).body.length).toBe(big.length);
      expect((await ask(port, { method: "GET" })).body.toString()).toBe("ok");
      expect((await ask(port, {}, Readable.from(["in ", "pieces"]))).body.toString()).toBe("ok");
    }
    expect(connections).toBe(1);
    server.closeIdleConnections();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await ask(port)).status).toBe(200);
    expect(connections).toBe(2);
  });

  it.each([
    ["what is no answer", "hello\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["a header that may not be passed on", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: a\u0001b\r\n\r\n"],
  ])("answers 502 for a service that says %s", async (_what, said) => {
    const { port, set } = await start();
    const server = createTcp((socket) => socket.once("data", () => socket.write(said)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => server.close());
    set({ v1: [1000, `127.0.0.1:${(server.address() as AddressInfo).port}`] });
    expect(await ask(port, {}, "{}")).toMatchObject({ status: 502 });
  });

  it("outlives clients that leave at the moment when their request is passed on", async () => {
    const { port, set, router } = await start();
    const { endpoint } = await upstream(echo("a"));
    set({ v1: [1000, endpoint] });
    // A body without a length is read as another request, a broken one: that ends the connection at once.
    for (let i = 0; i < 20; i++) {
      expect(await raw(port, 'DELETE /predict HTTP/1.1\r\nHost: a\r\n\r\n{"rows":[]}')).toContain("HTTP/1.1 ");
    }
    expect((await ask(port)).status).toBe(200);
    expect(router.status().in_flight).toBe(0);
  });

  it("does not wait for slow headers", async () => {
    const { port, set } = await start();
    set({}, { limits: { ...DEFAULT_LIMITS, header_ms: 200 } });
    expect(await raw(port, "GET / HTTP/1.1\r\nHost: a\r\n")).toMatch(/^HTTP\/1.1 408/);
  }, 60_000);

  it("keeps what it has when a route is unsound or old", async () => {
    const { router, set } = await start();
    set({ v1: [1000, "127.0.0.1:9"] });
    expect(router.read("{")).toBe(false);
    expect(router.read(JSON.stringify({ schema: "iapp.route/1", generation: 0, versions: [] }))).toBe(false);
    expect(router.status()).toMatchObject({ generation: 1, problem: expect.stringMatching(/older/) });
    // Counts are kept by generation: two sets of weights under one would be mixed.
    const versions = (weight: number, endpoint: string) => [
      { name: "v1", color: null, weight, endpoints: [endpoint] },
      { name: "v2", color: null, weight: 1000 - weight, endpoints: [endpoint] },
    ];
    const route = (generation: number, weight: number, endpoint = "127.0.0.1:9") =>
      JSON.stringify({ ...EMPTY_ROUTE, generation, versions: versions(weight, endpoint) });
    expect(router.read(route(2, 900))).toBe(true);
    expect(router.read(route(2, 100))).toBe(false);
    expect(router.status()).toMatchObject({
      problem: "the weights of generation 2 were changed; others need a higher generation",
      versions: [{ weight: 900 }, { weight: 100 }],
    });
    expect(router.read(route(2, 900, "127.0.0.1:10"))).toBe(true);
    expect(router.status()).toMatchObject({ problem: null, versions: [{ endpoints: ["127.0.0.1:10"] }, {}] });
    expect(router.read(route(3, 100))).toBe(true);
  });

  it("loses none of 1000 keep-alive requests across a version switch, and mixes none", async () => {
    const { port, set, router } = await start();
    const slow =
      (name: string): RequestListener =>
      (req, res) => {
        const chunks: Buffer[] = [];
        req.on("data", (chunk: Buffer) => chunks.push(chunk));
        req.on("end", () => setTimeout(() => res.end(`${name}:${Buffer.concat(chunks)}`), Math.random() * 20));
      };
    const [a, b] = [await upstream(slow("v1")), await upstream(slow("v2"))];
    set({ v1: [1000, a.endpoint], v2: [0, b.endpoint] });
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    closers.push(() => agent.destroy());
    let finished = 0;
    let switched = Number.POSITIVE_INFINITY;
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const { body, status, headers } = await ask(port, { agent }, String(i));
        finished += 1;
        if (finished === 300) {
          set({ v1: [0, a.endpoint], v2: [1000, b.endpoint] });
          switched = i;
        }
        // Drained: the old version goes away while requests keep coming.
        if (switched < 1000 && router.metrics.inFlight("v1") === 0 && a.server.listening) a.server.close();
        return { i, status, text: body.toString(), version: headers["x-iapp-version"] };
      }),
    );
    for (const { i, status, text, version } of answers) {
      expect(status).toBe(200);
      expect(text).toBe(`${version}:${i}`);
    }
    const { v1, v2 } = router.metrics.counts();
    expect(v1!.requests["2xx"]! + v2!.requests["2xx"]!).toBe(1000);
    expect(v1!.requests["2xx"]!).toBeLessThan(500);
    expect(router.metrics.inFlight()).toBe(0);
  });

  it("drains: ends what is in flight, takes nothing new", async () => {
    const { port, set, router } = await start();
    const { endpoint } = await upstream((_req, res) => void setTimeout(() => res.end("done"), 200));
    set({ v1: [1000, endpoint] });
    const running = ask(port);
    await expect.poll(() => router.metrics.inFlight()).toBe(1);
    const drained = router.drain(5000);
    expect((await running).body.toString()).toBe("done");
    expect(await drained).toBe(0);
    await expect(ask(port)).rejects.toThrow(/ECONNREFUSED/);
  });

  it("writes metrics that add up", async () => {
    const { port, set, router } = await start();
    const { endpoint } = await upstream((req, res) => {
      res.statusCode = req.url === "/bad" ? 422 : 200;
      res.end();
    });
    set({ v1: [1000, endpoint] });
    for (const path of ["/a", "/b", "/bad"]) await ask(port, { path });
    const text = router.metrics.render(router.route);
    expect(text).toContain('iapp_router_requests_total{version="v1",code="2xx"} 2');
    expect(text).toContain('iapp_router_requests_total{version="v1",code="4xx"} 1');
    expect(text).toContain('iapp_router_request_duration_seconds_bucket{version="v1",le="+Inf"} 3');
    expect(text).toContain('iapp_router_weight{version="v1"} 1000');
    for (const line of text.trim().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[^}]*\})? [0-9.e+-]+)$/);
  });
});
