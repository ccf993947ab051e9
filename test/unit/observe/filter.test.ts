import { describe, expect, it } from "vitest";
import { accepts, parseSince } from "../../../src/observe/filter.js";
import { parseRecord } from "../../../src/observe/record.js";

const record = parseRecord(
  JSON.stringify({ t: 100, component: "router", level: "warn", message: "GET /a 404", version: "v2", request: "r1" }),
  { component: "router" },
  0,
);

describe("filtering", () => {
  it.each([
    [{}, true],
    [{ components: ["router"] }, true],
    [{ components: ["scoring"] }, false],
    [{ versions: ["v1", "v2"] }, true],
    [{ versions: ["v1"] }, false],
    [{ level: "warn" as const }, true],
    [{ level: "error" as const }, false],
    [{ since: 100 }, true],
    [{ since: 100.1 }, false],
    [{ request: "r1" }, true],
    [{ request: "r2" }, false],
    [{ grep: /40\d$/ }, true],
    [{ grep: /50\d$/ }, false],
    [{ components: [], versions: [] }, true],
  ])("%j", (filter, expected) => {
    expect(accepts(filter)(record)).toBe(expected);
  });

  it("reads spans and times", () => {
    expect(parseSince("10m", 1000)).toBe(400);
    expect(parseSince("1.5h", 10_000)).toBe(4600);
    expect(parseSince("2026-03-01T12:00:00Z", 0)).toBe(Date.UTC(2026, 2, 1, 12) / 1000);
    for (const wrong of ["", "soon", "10", "m", "2026-99-01"]) expect(parseSince(wrong, 0)).toBeNull();
  });
});
