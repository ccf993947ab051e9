import { createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { MirrorEvidence } from "../../src/core/evidence.js";
import type { RouteDocument } from "../../src/router/route.js";
import { Router } from "../../src/router/server.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Service {
  endpoint: string;
  seen: { headers: IncomingMessage["headers"]; method: string; url: string; body: string }[];
}

/** A service that remembers what it was sent. */
async function service(
  answer: (body: string, index: number) => { status?: number; text: string; wait?: number } | null,
): Promise<Service> {
  const seen: Service["seen"] = [];
  const listener: RequestListener = (req, res) => {
    let body = "";
    req.on("data", (chunk) => {
      body += chunk;
    });
    req.on("end", () => {
      seen.push({ headers: req.headers, method: req.method!, url: req.url!, body });
      const said = answer(body, seen.length - 1);
      if (said === null) return void req.socket.destroy();
      res.statusCode = said.status ?? 200;
      setTimeout(() => res.end(said.text), said.wait ?? 0);
    });
  };
  const server: Server = createServer({ keepAliveTimeout: 5000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const twice =
  (factor = 2) =>
  (body: string) => {
    const { rows } = JSON.parse(body || '{"rows":[]}') as { rows: { x: number }[] };
    return { text: JSON.stringify({ predictions: rows.map(({ x }) => x * factor) }) };
  };

interface Setup {
  router: Router;
  ask: (body?: string, options?: object) => Promise<{ status: number; body: string }>;
  mirror: () => MirrorEvidence;
  /** Once as many copies as this have an outcome. */
  until: (outcomes: number) => Promise<MirrorEvidence>;
  set: (more: Partial<RouteDocument>) => void;
}

async function start(old: string, fresh: string, mirror: object = {}): Promise<Setup> {
  const router = new Router({ host: "127.0.0.1", port: 0 });
  const port = await router.listen();
  closers.push(() => router.drain(0));
  let generation = 0;
  const set = (more: Partial<RouteDocument>): void => {
    generation += 1;
    const versions = [
      { name: "v1", weight: 1000, endpoints: [old] },
      { name: "v2", weight: 0, endpoints: [fresh] },
    ];
    expect(router.read(JSON.stringify({ schema: "iapp.route/1", generation, versions, ...more }))).toBe(true);
  };
  set({ mirror: { from: "v1", to: "v2", sample_again: 0, ...mirror } as never });
  const report = (): MirrorEvidence => router.evidence().mirror!;
  return {
    router,
    set,
    mirror: report,
    until: async (wanted) => {
      await expect
        .poll(() => Object.values(report().outcomes).reduce((sum, one) => sum + one, 0), {
          timeout: 20_000,
          interval: 10,
        })
        .toBeGreaterThanOrEqual(wanted);
      return report();
    },
    ask: (body = ROWS, options = {}) =>
      new Promise((resolve, reject) => {
        const headers = { "Content-Type": "application/json", "X-User": "ann" };
        const req = request(
          { host: "127.0.0.1", port, path: "/predict", method: "POST", headers, ...options },
          (res) => {
            let text = "";
            res.on("data", (chunk) => {
              text += chunk;
            });
            res.on("end", () => resolve({ status: res.statusCode!, body: text }));
          },
        );
        req.on("error", reject);
        req.end(body);
      }),
  };
}

const ROWS = JSON.stringify({ rows: [{ x: 2 }, { x: 3 }] });

describe("copies of requests", () => {
  it("carry what the client sent and say that they are copies, and their answers reach nobody", async () => {
    const [old, fresh] = [await service(twice()), await service(twice(3))];
    const { ask, until, router } = await start(old.endpoint, fresh.endpoint);
    const { body } = await ask(ROWS, { path: "/predict?explain=proba" });
    expect(JSON.parse(body)).toEqual({ predictions: [4, 6] });
    const counts = await until(1);
    expect(fresh.seen).toMatchObject([{ method: "POST", url: "/predict?explain=proba", body: ROWS }]);
    expect(fresh.seen[0]!.headers).toMatchObject({ "x-iapp-mirror": "1", "x-iapp-version": "v2", "x-user": "ann" });
    expect(fresh.seen[0]!.headers["x-request-id"]).toBe(old.seen[0]!.headers["x-request-id"]);
    expect(counts).toMatchObject({
      from: "v1",
      to: "v2",
      sent: 1,
      compared: 1,
      rows: 2,
      equal_rows: 0,
      delta: { sum: 5, max: 3 },
    });
    // They are nobody's traffic: neither of the metrics nor of the rollout's evidence.
    expect(router.status().counts).not.toHaveProperty("v2");
    expect(router.evidence().epochs[0]!.versions).not.toHaveProperty("v2");
  });

  it("cannot be claimed by a client", async () => {
    const [old, fresh] = [await service(twice()), await service(twice())];
    const { ask } = await start(old.endpoint, fresh.endpoint, { share: 0 });
    await ask(ROWS, { headers: { "X-Iapp-Mirror": "1" } });
    expect(old.seen[0]!.headers["x-iapp-mirror"]).toBeUndefined();
  });

  it("are made of the share that was asked for, of what may be repeated, and of nothing that named a version", async () => {
    const [old, fresh] = [await service(twice()), await service(twice())];
    const { ask, until } = await start(old.endpoint, fresh.endpoint, { share: 250 });
    for (let i = 0; i < 40; i++) await ask();
    for (const options of [{ path: "/feedback" }, { method: "PUT" }, { method: "PATCH" }]) {
      for (let i = 0; i < 8; i++) await ask(ROWS, options);
    }
    for (let i = 0; i < 8; i++) await ask(ROWS, { headers: { "X-Iapp-Version": "v1" } });
    expect((await until(10)).sent).toBe(10);
    expect(fresh.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(new Array(10).fill("POST /predict"));
    await ask("", { method: "GET", path: "/openapi.json" });
    await ask("", { method: "GET", path: "/openapi.json" });
    await ask("", { method: "GET", path: "/openapi.json" });
    await ask("", { method: "GET", path: "/openapi.json" });
    expect((await until(11)).compared).toBe(10);
  });

  it("neither delay nor fail a client, whatever becomes of them: those that find no place are dropped and counted", async () => {
    const old = await service(twice());
    // Never answers before the test is over.
    const stuck = await service(() => ({ text: "late", wait: 600_000 }));
    const { ask, mirror } = await start(old.endpoint, stuck.endpoint, { queue: 3 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask()));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await expect.poll(() => stuck.seen.length).toBe(4);
    // Four under way and three that wait.
    expect(mirror().dropped).toEqual({ queue: 23 });
  });

  it.each([
    ["a dead version", null, "new_failed"],
    ["a version that fails", { status: 500, text: "{}" }, "new_failed"],
    ["one with another schema", { status: 422, text: "{}" }, "new_refused"],
    ["one that answers null", { text: '{"predictions":[null,1]}' }, "new_invalid"],
    ["one that speaks no JSON", { text: "NaN" }, "new_invalid"],
  ] as const)("show %s", async (_what, said, outcome) => {
    const [old, fresh] = [await service(twice()), await service(() => said)];
    const { ask, until } = await start(old.endpoint, fresh.endpoint);
    for (let i = 0; i < 3; i++) expect((await ask()).status).toBe(200);
    expect((await until(3)).outcomes[outcome]).toBe(3);
  });

  it("are not made of what is too large, either way, or packed", async () => {
    const big = `{"rows":[{"x":1,"note":"${"n".repeat(3000)}"}]}`;
    const old = await service((body, i) =>
      body === ROWS && i > 2 ? { text: `{"predictions":[${"1,".repeat(2000)}1]}` } : twice()(body),
    );
    const fresh = await service(twice());
    const { ask, until, mirror } = await start(old.endpoint, fresh.endpoint, { body_bytes: 2000 });
    expect((await ask(big)).status).toBe(200);
    // Of unknown length: it shows only on the way.
    expect((await ask(big, { headers: { "Transfer-Encoding": "chunked" } })).status).toBe(200);
    await ask();
    await until(1);
    expect((await ask()).body.length).toBeGreaterThan(2000);
    await expect.poll(() => mirror().dropped).toEqual({ request_size: 2, answer_size: 1 });
    expect(fresh.seen.map(({ body }) => body)).toEqual([ROWS]);
  });

  it("are sent to the old version once more, to know its noise", async () => {
    const old = await service((body, i) => ({ text: JSON.stringify({ predictions: [i % 2, 1] }), body }));
    const fresh = await service(twice());
    const { ask, until, mirror } = await start(old.endpoint, fresh.endpoint, { sample_again: 500 });
    for (let i = 0; i < 10; i++) {
      await ask();
      await until(i + 1);
    }
    await expect.poll(() => mirror().repeated.rows).toBe(10);
    expect(old.seen.filter(({ headers }) => headers["x-iapp-mirror"] === "1")).toHaveLength(5);
    expect(mirror().repeated.equal_rows).toBeLessThan(10);
  });

  it("end with the route, and begin anew with another pair, while their counts stay until then", async () => {
    const [old, fresh] = [await service(twice()), await service(twice())];
    const { ask, until, set, mirror } = await start(old.endpoint, fresh.endpoint);
    await ask();
    await until(1);
    // The same pair under a new generation goes on.
    set({ mirror: { from: "v1", to: "v2", sample_again: 0 } as never });
    await ask();
    expect(await until(2)).toMatchObject({ generation: 1, sent: 2 });
    set({});
    await ask();
    expect(mirror()).toMatchObject({ generation: 1, sent: 2 });
    set({ mirror: { from: "v1", to: "v2", sample_again: 0 } as never });
    await ask();
    expect(await until(1)).toMatchObject({ generation: 4, sent: 1 });
  });
});

describe("answers of two versions in their steps", () => {
  it("are sampled within a bound, apart for each version", async () => {
    const [old, fresh] = [await service(twice()), await service(twice(5))];
    const { ask, set, router } = await start(old.endpoint, fresh.endpoint, { share: 0 });
    const versions = [
      { name: "v1", weight: 500, endpoints: [old.endpoint] },
      { name: "v2", weight: 500, endpoints: [fresh.endpoint] },
    ];
    set({ versions } as never);
    for (let i = 0; i < 20; i++) await ask();
    const arms = router.evidence().epochs.at(-1)!.versions;
    await expect.poll(() => arms.v1?.predictions?.rows).toBe(20);
    expect(arms.v2?.predictions?.rows).toBe(20);
    // 4 and 6 twice each on the one, 10 and 15 on the other.
    expect(Object.values(arms.v1!.predictions!.numbers.counts)).toEqual([10, 10]);
  });

  it("stay with the version that a header names", async () => {
    const [old, fresh] = [await service(twice()), await service(twice(5))];
    const { ask, set } = await start(old.endpoint, fresh.endpoint, { share: 0 });
    const versions = [
      { name: "v1", weight: 500, endpoints: [old.endpoint] },
      { name: "v2", weight: 500, endpoints: [fresh.endpoint] },
    ];
    set({ versions, sticky: { by: "header", name: "X-User", salt: "demo", to: "v2" } } as never);
    const of = async (user: string) => (await ask(ROWS, { headers: { "X-User": user } })).body;
    const first = new Map<string, string>();
    for (let i = 0; i < 30; i++) first.set(`u${i}`, await of(`u${i}`));
    expect(new Set(first.values()).size).toBe(2);
    for (const [user, body] of first) expect(await of(user)).toBe(body);
  });
});
