import { describe, expect, it } from "vitest";
import { VersionChooser } from "../../../src/router/choice.js";
import { EMPTY_ROUTE, type RouteDocument, type RouteVersion } from "../../../src/router/route.js";

const version = (name: string, weight: number, endpoints = [`127.0.0.1:${weight + 1}`]): RouteVersion => ({
  name,
  color: null,
  weight,
  endpoints,
});
const route = (...versions: RouteVersion[]): RouteDocument => ({ ...EMPTY_ROUTE, generation: 1, versions });

function names(chooser: VersionChooser, count: number): string[] {
  return Array.from({ length: count }, () => {
    const choice = chooser.choose();
    return choice.kind === "version" ? choice.version.name : choice.kind;
  });
}

describe("choosing a version", () => {
  it.each([1, 10, 333, 500, 999])("gives a weight of %d exactly its share of any 1000 requests", (weight) => {
    const chooser = new VersionChooser(route(version("v1", 1000 - weight), version("v2", weight)));
    const taken = names(chooser, 3500);
    for (const from of [0, 137, 2000]) {
      expect(taken.slice(from, from + 1000).filter((name) => name === "v2")).toHaveLength(weight);
    }
  });

  it("spreads a share instead of sending it in one burst", () => {
    const chooser = new VersionChooser(route(version("v1", 900), version("v2", 100)));
    const taken = names(chooser, 100);
    for (let i = 0; i + 10 <= 100; i += 10) expect(taken.slice(i, i + 10).filter((n) => n === "v2")).toHaveLength(1);
  });

  it("never sends anything to weight zero", () => {
    const chooser = new VersionChooser(route(version("v1", 1000), version("v2", 0)));
    expect(new Set(names(chooser, 5000))).toEqual(new Set(["v1"]));
  });

  it("keeps a version's share although none of its processes is live", () => {
    const chooser = new VersionChooser(route(version("v1", 500, []), version("v2", 500)));
    expect(names(chooser, 100).filter((name) => name === "v1")).toHaveLength(50);
    expect(chooser.endpoint("v1")).toBeUndefined();
  });

  it("follows a named version whatever its weight, and knows what it has not", () => {
    const chooser = new VersionChooser(route(version("v1", 1000), version("v2", 0)));
    expect(chooser.choose("v2")).toMatchObject({ kind: "version", version: { name: "v2" } });
    expect(chooser.choose("v3")).toEqual({ kind: "unknown", name: "v3" });
    expect(new VersionChooser(EMPTY_ROUTE).choose()).toEqual({ kind: "none" });
  });

  it("applies a new route to the very next request", () => {
    const chooser = new VersionChooser(route(version("v1", 1000), version("v2", 0)));
    names(chooser, 7);
    chooser.update(route(version("v1", 0), version("v2", 1000)));
    expect(new Set(names(chooser, 1000))).toEqual(new Set(["v2"]));
  });

  it("takes endpoints in turn", () => {
    const chooser = new VersionChooser(route(version("v1", 1000, ["a:1", "b:2", "c:3"])));
    expect([1, 2, 3, 4].map(() => chooser.endpoint("v1"))).toEqual(["a:1", "b:2", "c:3", "a:1"]);
  });
});
