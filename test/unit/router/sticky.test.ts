import { describe, expect, it } from "vitest";
import { VersionChooser } from "../../../src/router/choice.js";
import { EMPTY_ROUTE, type RouteDocument, type RouteSticky } from "../../../src/router/route.js";
import { clientKey, placeOf } from "../../../src/router/sticky.js";

const sticky: RouteSticky = { by: "header", name: "X-User", salt: "demo", to: "v2" };
const route = (weight: number): RouteDocument => ({
  ...EMPTY_ROUTE,
  generation: 1,
  sticky,
  versions: [
    { name: "v1", color: null, weight: 1000 - weight, endpoints: [] },
    { name: "v2", color: null, weight, endpoints: [] },
  ],
});
const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);

function onNew(weight: number): Set<string> {
  const chooser = new VersionChooser(route(weight));
  return new Set(
    users.filter((user) => {
      const choice = chooser.choose(undefined, user);
      return choice.kind === "version" && choice.version.name === "v2";
    }),
  );
}

describe("clients that stay with one version", () => {
  it("are only gained by the new one as its weight grows", () => {
    let before = new Set<string>();
    for (const weight of [0, 1, 10, 100, 250, 500, 900, 999, 1000]) {
      const now = onNew(weight);
      expect([...before].filter((user) => !now.has(user))).toEqual([]);
      // Binomial: four standard deviations.
      const p = weight / 1000;
      const sigma = Math.sqrt(users.length * p * (1 - p));
      expect(Math.abs(now.size - users.length * p), `weight ${weight}`).toBeLessThanOrEqual(4 * sigma);
      before = now;
    }
    expect(onNew(0).size).toBe(0);
    expect(onNew(1000).size).toBe(users.length);
  });

  it("are others with another salt, and independent of it", () => {
    const [a, b] = [users.map((user) => placeOf(user, "one") < 500), users.map((user) => placeOf(user, "two") < 500)];
    const same = a.filter((one, i) => one === b[i]).length;
    expect(Math.abs(same - users.length / 2)).toBeLessThanOrEqual(4 * Math.sqrt(users.length / 4));
  });

  it("go by the weights where nothing names them, and elsewhere when they ask", () => {
    const chooser = new VersionChooser(route(250));
    const names = Array.from({ length: 1000 }, () => chooser.choose()).map((choice) =>
      choice.kind === "version" ? choice.version.name : choice.kind,
    );
    expect(names.filter((name) => name === "v2")).toHaveLength(250);
    expect(chooser.choose("v1", [...onNew(250)][0])).toMatchObject({ version: { name: "v1" } });
  });

  it("go to the other version when the guard has taken theirs out", () => {
    const chooser = new VersionChooser(route(500));
    chooser.divert("v2", "v1");
    for (const user of users.slice(0, 500)) {
      expect(chooser.choose(undefined, user)).toMatchObject({ version: { name: "v1" } });
    }
  });

  it.each([
    [["X-USER", " ann "], sticky, "ann"],
    [["X-User", ""], sticky, undefined],
    [[], sticky, undefined],
    [["Cookie", "a=1; session=s=2; b=3"], { ...sticky, by: "cookie", name: "session" }, "s=2"],
    [["Cookie", "a=1", "Cookie", "session=x"], { ...sticky, by: "cookie", name: "session" }, "x"],
    [["Cookie", "xsession=1; session="], { ...sticky, by: "cookie", name: "session" }, undefined],
  ] as [string[], RouteSticky, string | undefined][])("are named by %j", (raw, rule, key) => {
    expect(clientKey(raw, rule)).toBe(key);
  });
});
