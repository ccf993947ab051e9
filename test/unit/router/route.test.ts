import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, DEFAULT_MIRROR, parseRoute, splitEndpoint } from "../../../src/router/route.js";

const good = {
  schema: "iapp.route/1",
  generation: 3,
  versions: [
    { name: "v1", color: "blue", weight: 900, endpoints: ["127.0.0.1:4001"] },
    { name: "v2", color: "green", weight: 100, endpoints: ["[::1]:4002", "localhost:4003"] },
  ],
};
const problem = (change: object): string => {
  try {
    parseRoute(JSON.stringify({ ...good, ...change }));
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};
const v = (change: object): object => ({ versions: [{ ...good.versions[0], weight: 1000, ...change }] });

describe("a route document", () => {
  it("fills in what is left out", () => {
    const route = parseRoute(JSON.stringify({ ...good, limits: { idle_ms: 5 } }));
    expect(route).toMatchObject({ generation: 3, drain_ms: 30_000, limits: { ...DEFAULT_LIMITS, idle_ms: 5 } });
    expect(route.versions[1]?.endpoints.map(splitEndpoint)).toEqual([
      { host: "::1", port: 4002 },
      { host: "localhost", port: 4003 },
    ]);
  });

  it.each([
    [{ schema: "iapp.route/2" }, /schema/],
    [{ generation: -1 }, /generation/],
    [{ versions: {} }, /versions/],
    [v({ weight: 999 }), /add up to 999/],
    [v({ weight: 1000.5 }), /weight of v1/],
    [v({ weight: -1 }), /weight of v1/],
    [v({ name: "v 1" }), /not a version name/],
    [v({ name: 'v"}' }), /not a version name/],
    [v({ endpoints: ["127.0.0.1"] }), /endpoints of v1/],
    [v({ endpoints: ["127.0.0.1:0"] }), /endpoints of v1/],
    [v({ endpoints: ["127.0.0.1:70000"] }), /endpoints of v1/],
    [{ versions: [...good.versions, { ...good.versions[0], weight: 0 }] }, /named twice/],
    [{ versions: good.versions.map((version) => ({ ...version, weight: 0 })) }, /add up to 0/],
    [{ limits: { idle_ms: 0 } }, /limits.idle_ms/],
    [{ drain_ms: "soon" }, /drain_ms/],
    [{ mirror: { from: "v1", to: "v9" } }, /mirror does not name two versions/],
    [{ mirror: { from: "v1", to: "v1" } }, /mirror does not name two versions/],
    [{ mirror: { from: "v1", to: "v2", share: 1001 } }, /mirror's bounds/],
    [{ sticky: { by: "query", name: "u", salt: "", to: "v2" } }, /sticky is not sound/],
    [{ sticky: { by: "header", name: "a b", salt: "", to: "v2" } }, /sticky is not sound/],
    [{ sticky: { by: "header", name: "u", salt: "", to: "v9" } }, /sticky is not sound/],
  ])("is refused in one sentence: %j", (change, expected) => {
    expect(problem(change)).toMatch(expected);
  });

  it("takes copies and clients that stay, with defaults, and is without them when it says nothing", () => {
    const mirror = { from: "v1", to: "v2", share: 500 };
    const sticky = { by: "cookie", name: "session", salt: "demo", to: "v2" };
    const route = parseRoute(JSON.stringify({ ...good, mirror, sticky, from_the_future: { x: 1 } }));
    expect(route).toMatchObject({ mirror: { ...DEFAULT_MIRROR, ...mirror }, sticky });
    expect(Object.keys(parseRoute(JSON.stringify(good)))).not.toContain("mirror");
  });

  it("may have no version yet", () => {
    expect(problem({ versions: [] })).toBe("accepted");
  });
});
