import { describe, expect, it } from "vitest";
import { forcedVersion, requestHeaders, requestId, responseHeaders, valuesOf } from "../../../src/router/headers.js";

const facts = { id: "abc", version: "v1", endpoint: "127.0.0.1:4001", client: "127.0.0.1", chunked: false };

describe("headers", () => {
  it("drops what concerns one connection, also what Connection names", () => {
    const raw = [
      "Connection",
      "close, X-Secret",
      "X-Secret",
      "1",
      "Keep-Alive",
      "timeout=5",
      "TE",
      "trailers",
      "A",
      "b",
    ];
    expect(responseHeaders(raw, facts).slice(0, -4)).toEqual(["A", "b"]);
  });

  it("does not let a client take the length away from its body", () => {
    const raw = ["Connection", "content-length, x-hop", "Connection", "x-other", "Content-Length", "5", "X-Other", "1"];
    const sent = requestHeaders([...raw, "X-Hop", "1"], facts);
    expect(valuesOf(sent, "content-length")).toEqual(["5"]);
    expect([...valuesOf(sent, "x-hop"), ...valuesOf(sent, "x-other")]).toEqual([]);
  });

  it("leaves nothing to a client that only the router may say, in whatever spelling", () => {
    const own = [
      "hOST",
      "EXPECT",
      "X-request-ID",
      "X-IAPP-VERSION",
      "x-Iapp-Mirror",
      "X-FORWARDED-HOST",
      "tE",
      "Upgrade",
    ];
    const sent = requestHeaders(
      own.flatMap((name) => [name, "theirs"]),
      { ...facts, client: "here" },
    );
    expect(sent.filter((value) => value === "theirs")).toHaveLength(1);
    expect(valuesOf(sent, "x-forwarded-host")).toEqual(["theirs"]);
  });

  it("keeps order, spelling and repeats", () => {
    const raw = ["Set-Cookie", "a=1", "X-odd-CASE", "x", "Set-Cookie", "b=2"];
    expect(responseHeaders(raw, facts).slice(0, 6)).toEqual(raw);
  });

  it("tells the service where a request came from", () => {
    const sent = requestHeaders(["Host", "app.test", "X-Forwarded-For", "10.0.0.1", "Expect", "100-continue"], facts);
    expect(valuesOf(sent, "host")).toEqual(["127.0.0.1:4001"]);
    expect(valuesOf(sent, "x-forwarded-for")).toEqual(["10.0.0.1, 127.0.0.1"]);
    expect(valuesOf(sent, "x-forwarded-host")).toEqual(["app.test"]);
    expect(valuesOf(sent, "expect")).toEqual([]);
    expect(valuesOf(sent, "transfer-encoding")).toEqual([]);
  });

  it("passes a body of unknown length on as one", () => {
    const sent = requestHeaders(["Transfer-Encoding", "chunked"], { ...facts, chunked: true });
    expect(valuesOf(sent, "transfer-encoding")).toEqual(["chunked"]);
  });

  it.each([
    [["X-Request-Id", "req-1"], "req-1"],
    [["X-Request-Id", "a b"], null],
    [["X-Request-Id", ""], null],
    [["X-Request-Id", "x".repeat(129)], null],
    [["X-Request-Id", "one", "X-Request-Id", "two"], null],
    [[], null],
  ])("takes a request id only when it is harmless: %j", (raw, expected) => {
    const id = requestId(raw);
    if (expected === null) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    else expect(id).toBe(expected);
  });

  it("replaces the service's own version header", () => {
    expect(valuesOf(responseHeaders(["x-iapp-version", "vX"], facts), "x-iapp-version")).toEqual(["v1"]);
    expect(forcedVersion(["x-iapp-version", " v2 "])).toBe("v2");
    expect(forcedVersion([])).toBeUndefined();
  });
});
