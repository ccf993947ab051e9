import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { VersionChooser } from "../../../src/router/choice.js";
import { ClientAnswer } from "../../../src/router/client-answer.js";
import { ClientRequest } from "../../../src/router/client-request.js";
import { forward } from "../../../src/router/forward.js";
import { RouterMetrics } from "../../../src/router/metrics.js";
import { EMPTY_ROUTE } from "../../../src/router/route.js";
import type { Upstream, UpstreamPool } from "../../../src/router/upstream.js";
import { readRequests } from "./read-requests.js";

/** A request for a version with two processes whose connections are made when the test says so, and what became of it. */
function forwarded() {
  const written: string[] = [];
  const gate = {
    socket: { destroyed: false, writableLength: 0, write: (text: string) => written.push(text) } as unknown as Socket,
    keeps: () => "",
    flushed: () => undefined,
    waiting: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    goOn: () => undefined,
  };
  const [head] = readRequests("GET / HTTP/1.1\r\nHost: a\r\n\r\n").requests;
  const request = new ClientRequest(head!, "127.0.0.1", gate);
  const answer = new ClientAnswer(request, head!, gate);
  const connects: ((upstream: Upstream | null) => void)[] = [];
  const pool = { take: () => new Promise((resolve) => connects.push(resolve)) } as unknown as UpstreamPool;
  const versions = [{ name: "v1", color: null, weight: 1000, endpoints: ["127.0.0.1:1", "127.0.0.1:2"] }];
  const chooser = new VersionChooser({ ...EMPTY_ROUTE, versions });
  const metrics = new RouterMetrics();
  metrics.begin("v1");
  const done: (number | null)[] = [];
  forward(request, answer, { id: "i", version: "v1" }, { chooser, metrics, pool }, (status) => done.push(status));
  const connected = async (upstream: Upstream | null): Promise<void> => {
    connects.shift()!(upstream);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { answer, metrics, written, done, connected };
}

describe("a request that waits for a connection to the service", () => {
  it("goes to the next process once, and then no further", async () => {
    const { metrics, written, done, connected } = forwarded();
    await connected(null);
    expect(done).toEqual([]);
    await connected(null);
    expect(done).toEqual([503]);
    expect(written.join("")).toMatch(/^HTTP\/1\.1 503 [\s\S]*"no_endpoint"/);
    expect(metrics.counts().v1).toMatchObject({ retries: 1, connect_failures: 2 });
    expect(metrics.inFlightAt()).toEqual({});
  });

  it("goes nowhere when its client has been refused meanwhile, and nothing is written behind that", async () => {
    const { answer, metrics, written, done, connected } = forwarded();
    answer.lose();
    let destroyed = 0;
    const upstream = { destroy: () => (destroyed += 1) };
    await connected(upstream as unknown as Upstream);
    expect({ done, written, destroyed }).toEqual({ done: [null], written: [], destroyed: 1 });
    expect(metrics.inFlightAt()).toEqual({});
  });
});
