import { describe, expect, it } from "vitest";
import { Guard } from "../../../src/router/guard.js";

const RULE = { version: "v2", fallback: "v1", in_row: 4, window: 40, share: 0.5 };

function guard(): Guard {
  const one = new Guard();
  one.apply(RULE, 1);
  return one;
}

/** `+` is a success and `-` a failure of the new version, `o` and `x` of the old one. Why it was taken out, and at which outcome. */
function play(one: Guard, outcomes: string): { at: number; reason: string } | null {
  for (const [at, what] of [...outcomes].entries()) {
    const reason = one.outcome("+-".includes(what) ? "v2" : "v1", "-x".includes(what));
    if (reason !== null) return { at, reason };
  }
  return null;
}

describe("the guard of a router", () => {
  it("takes out a version that has never succeeded at its fourth failure", () => {
    expect(play(guard(), "---")).toBe(null);
    expect(play(guard(), "oo-oo-oo-oo-")).toEqual({ at: 11, reason: "4 requests in a row failed" });
  });

  it("is more patient with one that has worked", () => {
    expect(play(guard(), `+${"-".repeat(11)}+`)).toBe(null);
    expect(play(guard(), `+${"-".repeat(12)}`)).toEqual({ at: 12, reason: "12 requests in a row failed" });
  });

  it("takes out one of whose last forty half failed", () => {
    expect(play(guard(), "+-".repeat(30))).toEqual({ at: 39, reason: "20 of its last 40 requests failed" });
    expect(play(guard(), "++-".repeat(60))).toBe(null);
  });

  it("takes nothing out while the other version fails as well", () => {
    expect(play(guard(), "x-".repeat(100))).toBe(null);
    // An outage of both in which half of all fail.
    expect(play(guard(), "o+x-".repeat(100))).toBe(null);
    // An old failure of the other one does not protect for ever.
    expect(play(guard(), `x${"o".repeat(5)}----`)).not.toBe(null);
  });

  it("starts anew with a new route, and only then", () => {
    const one = guard();
    play(one, "---");
    one.apply(RULE, 1);
    expect(play(one, "-")).not.toBe(null);
    one.apply(RULE, 2);
    expect(play(one, "---")).toBe(null);
    one.apply(null, 3);
    expect(play(one, "-".repeat(50))).toBe(null);
  });
});
