import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { afterCrash } from "../../../src/local/crash-policy.js";
import { backgroundEnv } from "../../../src/local/launch.js";
import { planRoute, sameRoute } from "../../../src/local/plan-route.js";
import { findPort, isPortFree, portHolder } from "../../../src/local/ports.js";
import { type AppState, DEFAULT_SETTINGS, newState } from "../../../src/local/state.js";
import { parseRoute } from "../../../src/router/route.js";

describe("after a crash", () => {
  it("waits twice as long each time, up to a limit, then gives up", () => {
    const patience = { backoff_ms: 100, backoff_most_ms: 500, crash_limit: 6 };
    expect([1, 2, 3, 4, 5, 6, 7].map((failures) => afterCrash(failures, patience))).toEqual([
      { kind: "retry", delay: 100 },
      { kind: "retry", delay: 200 },
      { kind: "retry", delay: 400 },
      { kind: "retry", delay: 500 },
      { kind: "retry", delay: 500 },
      { kind: "give-up" },
      { kind: "give-up" },
    ]);
  });

  it("has recovered or given up within seconds by default", () => {
    let waited = 0;
    for (let failures = 1; ; failures++) {
      const decision = afterCrash(failures, DEFAULT_SETTINGS);
      if (decision.kind === "give-up") break;
      waited += decision.delay;
    }
    expect(waited).toBeLessThan(10_000);
  });
});

describe("the route of a state", () => {
  const base = newState("demo", { host: "127.0.0.1", number: 8100, pinned: false }, 0);
  const state: AppState = {
    ...base,
    desired: {
      running: true,
      router: 1,
      versions: [
        { name: "v1", weight: 900, serial: 1 },
        { name: "v2", weight: 100, serial: 1 },
      ],
    },
  };
  const live = (version: string): string[] => (version === "v1" ? ["127.0.0.1:4001"] : []);

  it("has the desired weights and the live processes, and the router reads it", () => {
    const route = planRoute(state, live, 7);
    expect(parseRoute(JSON.stringify(route))).toEqual(route);
    expect(route.versions.map(({ name, weight, endpoints }) => [name, weight, endpoints])).toEqual([
      ["v1", 900, ["127.0.0.1:4001"]],
      ["v2", 100, []],
    ]);
  });

  it("is another one only when requests go elsewhere", () => {
    expect(sameRoute(planRoute(state, live, 1), planRoute(state, live, 2))).toBe(true);
    expect(
      sameRoute(
        planRoute(state, live, 1),
        planRoute(state, () => [], 1),
      ),
    ).toBe(false);
  });

  it("is empty when nothing is to run", () => {
    expect(planRoute({ ...state, desired: { ...state.desired, running: false } }, live, 1).versions).toEqual([]);
  });
});

describe("ports", () => {
  it("are seen to be taken, by whom, and are not chosen", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      expect(await isPortFree(port)).toBe(false);
      if (process.platform === "linux") expect(portHolder(port)?.pid).toBe(process.pid);
      const found = (await findPort(new Set()))!;
      expect(await findPort(new Set([found]))).not.toBe(found);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await isPortFree(port)).toBe(true);
    expect(portHolder(port)).toBeNull();
  });
});

describe("the environment of background processes", () => {
  it("holds no secrets", () => {
    const env = {
      PATH: "/bin",
      HOME: "/home/x",
      AWS_SECRET_ACCESS_KEY: "x",
      DATABASE_URL: "y",
      LC_ALL: "C",
      PYTHONPATH: "z",
    };
    expect(backgroundEnv(env)).toEqual({ PATH: "/bin", HOME: "/home/x", LC_ALL: "C" });
  });
});
