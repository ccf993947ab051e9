import { Agent, createServer, type RequestListener, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type RouteLimits } from "../../src/router/route.js";
import { type AccessRecord, Router } from "../../src/router/server.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Setup {
  router: Router;
  port: number;
  access: AccessRecord[];
}

/** A router in front of one service. */
async function start(listener: RequestListener, limits: Partial<RouteLimits> = {}): Promise<Setup> {
  const service = createServer({ keepAliveTimeout: 5000 }, listener);
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    service.closeAllConnections();
    service.close();
  });
  const access: AccessRecord[] = [];
  const router = new Router({ host: "127.0.0.1", port: 0, onAccess: (record) => access.push(record) });
  const port = await router.listen();
  closers.push(() => router.drain(0));
  const endpoints = [`127.0.0.1:${(service.address() as AddressInfo).port}`];
  const versions = [{ name: "v1", weight: 1000, endpoints }];
  const route = { schema: "iapp.route/1", generation: 1, versions, limits: { ...DEFAULT_LIMITS, ...limits } };
  expect(router.read(JSON.stringify(route))).toBe(true);
  return { router, port, access };
}

/** Answers with what it was asked, as soon as it has read it. */
const echo: RequestListener = (req, res) => {
  let body = "";
  req.on("data", (piece) => {
    body += piece;
  });
  req.on("end", () => res.end(`${req.method} ${req.url} ${body}`));
};

interface Client {
  socket: Socket;
  /** All that has come. */
  text: () => string;
  /** Once this has come. */
  until: (what: RegExp) => Promise<string>;
  /** Once the other side has ended the connection, in whatever way. */
  closed: Promise<string>;
  failed: () => string | undefined;
}

async function client(port: number): Promise<Client> {
  let got = "";
  let code: string | undefined;
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  closers.push(() => socket.destroy());
  socket.on("data", (piece) => {
    got += piece.toString("latin1");
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    code = error.code;
  });
  const closed = new Promise<string>((resolve) => {
    socket.on("end", () => {
      socket.end();
      resolve(got);
    });
    socket.on("close", () => resolve(got));
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return {
    socket,
    text: () => got,
    until: async (what) => {
      await expect.poll(() => got, { timeout: 20_000, interval: 5 }).toMatch(what);
      return got;
    },
    closed,
    failed: () => code,
  };
}

const get = (path: string, ...headers: string[]): string =>
  ["GET ", path, " HTTP/1.1\r\nHost: a\r\n", ...headers.map((one) => `${one}\r\n`), "\r\n"].join("");
const bodies = (text: string): string[] =>
  [...text.matchAll(/(?:GET|POST|PUT) \/\S* (?:body|abcde)?/g)].map(([one]) => one.trim());

describe("a client's connection", () => {
  it("carries a thousand requests, one after the other", async () => {
    const { port, router } = await start(echo);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closers.push(() => agent.destroy());
    const ports = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      const method = i % 3 === 0 ? "GET" : "POST";
      const headers = i % 3 === 1 ? { "Transfer-Encoding": "chunked" } : {};
      const body = method === "GET" ? "" : `body${i}`;
      const text = await new Promise<string>((resolve, reject) => {
        const req = request({ host: "127.0.0.1", port, method, path: `/${i}`, agent, headers }, (res) => {
          let got = "";
          res.on("data", (piece) => {
            got += piece;
          });
          res.on("end", () => resolve(got));
        });
        req.on("socket", (socket) => socket.localPort !== undefined && ports.add(socket.localPort));
        req.on("error", reject);
        req.end(body);
      });
      expect(text).toBe(`${method} /${i} ${body}`);
    }
    expect(ports.size).toBe(1);
    expect(router.status()).toMatchObject({
      connections: 1,
      in_flight: 0,
      counts: { v1: { requests: { "2xx": 1000 } } },
    });
  });

  it("has the answers to requests sent together in their order, one asked for at a time", async () => {
    let most = 0;
    let now = 0;
    const { port } = await start((req, res) => {
      now += 1;
      most = Math.max(most, now);
      const wait = req.url === "/0" ? 30 : 0;
      setTimeout(() => {
        now -= 1;
        echo(req, res);
      }, wait);
    });
    const { socket, until } = await client(port);
    const post = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    socket.write(get("/0") + post + get("/1"));
    socket.write(Array.from({ length: 50 }, (_, i) => get(`/${i + 2}`)).join(""));
    const expected = ["GET /0", "POST /p body", ...Array.from({ length: 51 }, (_, i) => `GET /${i + 1}`)];
    expect(bodies(await until(/GET \/51 $/))).toEqual(expected);
    expect(most).toBe(1);
  });

  it("is not read further while what it has sent waits for its turn", async () => {
    const held: (() => void)[] = [];
    const { port, router } = await start((_req, res) => held.push(() => res.end("ok")));
    const { socket, until } = await client(port);
    const block = get("/", `X: ${"x".repeat(8000)}`).repeat(10);
    let taken = 0;
    const write = (): void =>
      void socket.write(block, (error) => {
        taken += block.length;
        if (error == null && taken < 40_000_000) write();
      });
    write();
    await expect.poll(() => held.length).toBe(1);
    for (let before = -1; taken !== before; ) {
      before = taken;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    // What the router holds is little, and what both systems do has bounds below this.
    expect(taken).toBeLessThan(20_000_000);
    expect(router.status().in_flight).toBe(1);
    held.pop()!();
    await until(/ok$/);
    await expect.poll(() => held.length).toBe(1);
  });

  it("reads the same in whatever pieces it comes", async () => {
    const { port } = await start(echo);
    const { socket, until } = await client(port);
    socket.setNoDelay(true);
    const text = "PUT /q HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
    for (const byte of text) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bodies(await until(/abcde$/))).toEqual(["PUT /q abcde"]);
  });

  it("is told to go on where it waits for that, and only there", async () => {
    const { port } = await start(echo);
    const one = await client(port);
    one.socket.write("POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    expect(await one.until(/\r\n\r\n/)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    one.socket.write("body");
    expect(bodies(await one.until(/body$/))).toEqual(["POST /p body"]);
    one.socket.write("POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody");
    await one.until(/body[\s\S]*body$/);
    one.socket.write(get("/", "Expect: wonders"));
    expect(await one.closed).toMatch(/HTTP\/1\.1 417 /);
  });

  it("of an old client ends with the answer, unless it asks for more", async () => {
    const { port } = await start((_req, res) => {
      res.write("a");
      res.end("b");
    });
    const one = await client(port);
    one.socket.write("GET / HTTP/1.0\r\n\r\n");
    const text = await one.closed;
    // It knows no chunks: the end of the connection is the end of the answer.
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: close\r\n\r\nab$/);
    expect(text).not.toMatch(/transfer-encoding/i);
    const { port: other } = await start(echo);
    const two = await client(other);
    two.socket.write("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect(await two.until(/GET \/1 $/)).toMatch(/Connection: keep-alive\r\n/);
    two.socket.write("GET /2 HTTP/1.0\r\n\r\n");
    expect(bodies(await two.closed)).toEqual(["GET /1", "GET /2"]);
  });

  it.each([
    ["HEAD", 200, "Content-Length: 5"],
    ["GET", 204, "X-Iapp-Version: v1"],
    ["GET", 304, "Content-Length: 5"],
  ])("gets no body for %s with %i, and can go on", async (method, status, header) => {
    const { port } = await start((req, res) => {
      if (req.url === "/next") return echo(req, res);
      res.writeHead(status, status === 204 ? {} : { "Content-Length": "5" });
      res.end();
    });
    const { socket, until } = await client(port);
    socket.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
    await until(/\r\n\r\n$/);
    socket.write(get("/next"));
    const [first, ...rest] = (await until(/GET \/next $/)).split("\r\n\r\n");
    expect(first).toContain(`HTTP/1.1 ${status} `);
    expect(first).toContain(header);
    expect(rest[0]).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("ends with the answer where the client wants that, also with more behind it", async () => {
    const { port } = await start(echo);
    const { socket, closed, failed } = await client(port);
    socket.write(get("/1", "Connection: close") + get("/2"));
    const text = await closed;
    expect(bodies(text)).toEqual(["GET /1"]);
    expect(text).toContain("Connection: close\r\n");
    expect(failed()).toBeUndefined();
  });
});

describe("a client that takes its time", () => {
  it("is not waited for: neither its first byte, nor its headers byte by byte, nor its body", async () => {
    const { port, router } = await start(echo, { header_ms: 100, request_ms: 100 });
    const [silent, slow, body] = [await client(port), await client(port), await client(port)];
    slow.socket.write("GET / HTTP/1.1\r\n");
    const drip = setInterval(() => slow.socket.write("X: y\r\n"), 20);
    body.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    for (const one of [silent, slow, body])
      expect(await one.closed).toMatch(/^HTTP\/1\.1 408 [\s\S]*"request_timeout"/);
    clearInterval(drip);
    expect(router.metrics.render(router.route)).toContain('iapp_router_refused_total{reason="request_timeout"} 3');
    await expect.poll(() => router.status().in_flight).toBe(0);
  });

  it("has it anew for each request, however long it was silent before", async () => {
    const { port } = await start(echo, { request_ms: 1000 });
    const { socket, until } = await client(port);
    socket.write(get("/1"));
    await until(/GET \/1 $/);
    await new Promise((resolve) => setTimeout(resolve, 1800));
    socket.write("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    // It is looked twice a second.
    await new Promise((resolve) => setTimeout(resolve, 600));
    socket.write("body");
    expect(bodies(await until(/(body|\})\s*$/))).toEqual(["GET /1", "POST /2 body"]);
  });

  it("is let go without a word between two requests, and kept while its answer takes long", async () => {
    const { port } = await start((req, res) => void setTimeout(() => echo(req, res), 2000), {
      header_ms: 100,
      request_ms: 100,
      idle_ms: 100,
    });
    const { socket, closed } = await client(port);
    socket.write(get("/1"));
    const text = await closed;
    expect(bodies(text)).toEqual(["GET /1"]);
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: keep-alive\r\nKeep-Alive: timeout=0\r\n/);
  });

  it("to read holds up its own answer only, and is let go when it does not go on", async () => {
    const big = Buffer.alloc(30_000_000, "x");
    const { port, access } = await start((req, res) => (req.url === "/big" ? res.end(big) : echo(req, res)), {
      upstream_ms: 400,
    });
    const slow = await client(port);
    slow.socket.pause();
    slow.socket.write(get("/big"));
    const other = await client(port);
    other.socket.write(get("/1"));
    expect(bodies(await other.until(/GET \/1 $/))).toEqual(["GET /1"]);
    await expect.poll(() => access.length, { timeout: 20_000 }).toBe(2);
    expect(access[1]).toMatchObject({ path: "/big", status: 502 });
  });
});

describe("a client that leaves", () => {
  it("in the middle of a request is told that this was none", async () => {
    const { port } = await start(echo);
    for (const text of ["GET / HTT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"]) {
      const { socket, closed } = await client(port);
      socket.end(text);
      expect(await closed).toMatch(/^HTTP\/1\.1 400 [\s\S]*"malformed"/);
    }
  });

  it("before its answer gets none: the service is told, and nobody is counted as failed", async () => {
    let told = 0;
    const { port, router, access } = await start((req) => {
      req.socket.once("close", () => {
        told += 1;
      });
    });
    for (const leave of ["end", "destroy"] as const) {
      const { socket, closed } = await client(port);
      socket.write(get("/"));
      await expect.poll(() => router.status().in_flight).toBe(1);
      socket[leave]();
      expect(await closed).toBe("");
      await expect.poll(() => router.status().in_flight).toBe(0);
    }
    await expect.poll(() => told).toBe(2);
    expect(access.map(({ status }) => status)).toEqual([null, null]);
  });

  it("while its answer is on its way is noticed as well", async () => {
    const { port, router, access } = await start((_req, res) => void res.write("x"));
    const { socket, until } = await client(port);
    socket.write(get("/"));
    await until(/1\r\nx\r\n$/);
    socket.destroy();
    await expect.poll(() => access[0]?.status).toBe(null);
    expect(router.status()).toMatchObject({ in_flight: 0, in_flight_at: {} });
  });

  it("without a request leaves nothing behind", async () => {
    const { port, router, access } = await start(echo);
    const { socket, closed } = await client(port);
    await expect.poll(() => router.status().connections).toBe(1);
    socket.end();
    expect(await closed).toBe("");
    await expect.poll(() => router.status().connections).toBe(0);
    expect(access).toEqual([]);
  });
});

describe("an answer that comes early", () => {
  /** Sends more than any buffer holds, whatever comes back, and only then reads. */
  async function sendsAll(port: number, head: string): Promise<{ text: string; failed: string | undefined }> {
    const { socket, closed, failed } = await client(port);
    socket.pause();
    socket.write(head);
    const block = Buffer.alloc(100_000, "x");
    for (let i = 0; i < 200; i++) {
      await new Promise<void>((resolve) => socket.write(block, () => resolve()));
    }
    socket.resume();
    return { text: await closed, failed: failed() };
  }
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n";

  it("from the service reaches a client that is still sending", async () => {
    const { port, access } = await start((req, res) => {
      req.resume();
      res.writeHead(413, { "Content-Length": "3" });
      res.end("big");
    });
    const { text, failed } = await sendsAll(port, `${head}\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*Connection: close\r\n[\s\S]*big$/);
    expect(failed).toBeUndefined();
    expect(access[0]).toMatchObject({ status: 413 });
  });

  it("from the router itself does so as well", async () => {
    const { port } = await start(echo);
    const { text, failed } = await sendsAll(port, `${head}X-Iapp-Version: v9\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 404 [\s\S]*"unknown_version"/);
    expect(failed).toBeUndefined();
    const refused = await sendsAll(port, `${head}Transfer-Encoding: chunked\r\n\r\n`);
    expect(refused.text).toMatch(/^HTTP\/1\.1 400 [\s\S]*"malformed"/);
    expect(refused.failed).toBeUndefined();
  });
});

describe("limits and the end", () => {
  it("takes no more connections than it may, and counts the others", async () => {
    const { port, router } = await start(echo, { connections: 2 });
    const kept = [await client(port), await client(port)];
    await expect.poll(() => router.status().connections).toBe(2);
    const third = await client(port);
    expect(await third.closed).toBe("");
    for (const { socket, until } of kept) {
      socket.write(get("/1"));
      await until(/GET \/1 $/);
    }
    expect(router.metrics.render(router.route)).toContain('iapp_router_refused_total{reason="connections"} 1');
  });

  it("ends each connection with its next answer once it leaves", async () => {
    const { port, router } = await start(echo);
    const { socket, until, closed } = await client(port);
    socket.write(get("/1"));
    expect(await until(/GET \/1 $/)).toContain("Connection: keep-alive");
    router.leave();
    expect(router.status()).toMatchObject({ draining: true, connections: 1 });
    socket.write(get("/2"));
    expect(await closed).toMatch(/Connection: close\r\n[\s\S]*GET \/2 $/);
  });

  it("drains: what is on its way ends well, what is idle ends at once, and so does what has just had its answer", async () => {
    const finish: (() => void)[] = [];
    const { port, router } = await start((req, res) => {
      if (req.url === "/idle") return void res.end("ok");
      if (req.url === "/begun") res.write("begun ");
      finish.push(() => res.end("done"));
    });
    const [fresh, idle, waits, begun] = [
      await client(port),
      await client(port),
      await client(port),
      await client(port),
    ];
    idle.socket.write(get("/idle"));
    await idle.until(/ok$/);
    waits.socket.write(get("/"));
    begun.socket.write(get("/begun"));
    await begun.until(/begun /);
    await expect.poll(() => finish.length).toBe(2);
    const drained = router.drain(20_000);
    expect(await fresh.closed).toBe("");
    await idle.closed;
    for (const one of finish) one();
    expect(await waits.closed).toMatch(/Connection: close\r\n[\s\S]*done$/);
    expect(await begun.closed).toMatch(/begun [\s\S]*done\r\n0\r\n\r\n$/);
    expect(await drained).toBe(0);
  });

  it("cuts off what takes too long to drain, and says how much that was", async () => {
    const { port, router } = await start(() => undefined);
    const { socket, closed } = await client(port);
    socket.write(get("/"));
    await expect.poll(() => router.status().in_flight).toBe(1);
    expect(await router.drain(50)).toBe(1);
    expect(await closed).toBe("");
  });
});
