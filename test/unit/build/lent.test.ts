import { describe, expect, it } from "vitest";
import { lending, lentCommand, lentLinks } from "../../../src/actions/build/lent.js";
import type { TarEntry } from "../../../src/image/tar-stream.js";

const LIB = "opt/iapp/lib";
const file = (path: string): TarEntry => ({ path: `${LIB}/${path}`, type: "file", content: Buffer.alloc(0) });
const TREE = [
  file("lightgbm/lib/lib_lightgbm.so"),
  file("scikit_learn.libs/libgomp-e985bcbb.so.1.0.0"),
  file("scikit_learn.libs/libother-e985bcbb.so.1.0.0"),
];

describe("libraries that packages lend each other", () => {
  it("are found by those that expect the system to have them", () => {
    const packages = ["lightgbm", "numpy", "scikit-learn"];
    const { met, env } = lending(packages);
    expect([...met]).toEqual(["lightgbm"]);
    expect(lentLinks(TREE, packages)).toEqual([
      { path: `${LIB}/iapp.libs/libgomp.so.1`, type: "link", target: "../scikit_learn.libs/libgomp-e985bcbb.so.1.0.0" },
    ]);
    expect(env).toEqual({ LD_LIBRARY_PATH: `/${LIB}/iapp.libs` });
    expect(lentCommand(packages)).toContain("libgomp.so.1");
  });

  it.each([
    ["nobody needs them", ["numpy", "scikit-learn"]],
    ["nobody has them", ["lightgbm", "numpy"]],
    ["more than them is needed", ["opencv-python", "scikit-learn"]],
  ])("are left alone where %s", (_why, packages) => {
    expect(lending(packages)).toEqual({ met: new Set(), env: {} });
    expect(lentLinks(TREE, packages)).toEqual([]);
    expect(lentCommand(packages)).toBe(null);
  });

  it("give no link where no copy is there", () => {
    expect(lentLinks([], ["lightgbm", "scikit-learn"])).toEqual([]);
  });
});
