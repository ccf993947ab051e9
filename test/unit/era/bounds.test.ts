import { describe, expect, it } from "vitest";
import type { Wanted } from "../../../src/project/declared.js";
import { narrowed } from "../../../src/project/era/apply.js";
import { authorEra } from "../../../src/project/era/author.js";
import {
  boundsOf,
  eraBounds,
  merged,
  outOfReach,
  pythonFor,
  type VersionBound,
  withCompanions,
} from "../../../src/project/era/bounds.js";
import { checkedEra } from "../../../src/project/era/index.js";
import { compareVersions, KNOWN, seriesOf } from "../../../src/project/era/releases.js";
import type { EnvironmentWish } from "../../../src/project/wanted.js";

const bound = (distribution: string, below: string | null, from: string | null = null): VersionBound => ({
  distribution,
  below,
  from,
  why: "a test",
});
const wishFor = (...wanted: Wanted[]): EnvironmentWish => ({ wanted, options: [], notes: [], author: null });
const wanted = (text: string, inferred = true) => ({
  text,
  name: text.split(/[=<>\s]/)[0]!,
  origin: "import in cell 1",
  inferred,
});

describe("bounds of versions", () => {
  it("are one for each distribution, the tightest", () => {
    const uses = [
      { module: "pandas", below: "3.0", from: null, what: "a", cell: 1, line: 1 },
      { module: "pandas", below: "2.0", from: null, what: "b", cell: 2, line: 1 },
      { module: "sklearn", below: "1.4", from: null, what: "c", cell: 3, line: 1 },
      { module: "sklearn", below: null, from: "1.2", what: "d", cell: 4, line: 1 },
    ];
    expect(boundsOf(uses)).toEqual([
      { distribution: "pandas", below: "2.0", from: null, why: "b in cell 2" },
      { distribution: "scikit-learn", below: "1.4", from: "1.2", why: "d in cell 4" },
    ]);
  });

  it("give up the older side of a contradiction", () => {
    expect(merged([bound("pandas", "2.0"), bound("pandas", null, "2.1")])).toEqual([bound("pandas", null, "2.1")]);
  });

  it("order versions as numbers", () => {
    expect(["1.10", "1.9", "0.25", "1.9.1"].sort(compareVersions)).toEqual(["0.25", "1.9", "1.9.1", "1.10"]);
  });

  it("know for which Python there are packages, and what none here can have", () => {
    expect(pythonFor(bound("pandas", "2.0"))).toBe(11);
    expect(pythonFor(bound("numpy", "1.23"))).toBe(10);
    expect(pythonFor(bound("scikit-learn", "0.20"))).toBe(0);
    expect(pythonFor(bound("pandas", "1.0"))).toBe(0);
    expect(outOfReach(bound("scikit-learn", "1.0"))).toBe(
      "is older than the oldest that iapp runs with, scikit-learn 1.0",
    );
    expect(outOfReach(bound("matplotlib", "2.0"))).toMatch(/^runs with no Python from 3\.\d+ on$/);
    expect(pythonFor(bound("pandas", null, "1.0"))).toBe(Number.POSITIVE_INFINITY);
    expect(pythonFor(bound("unheard-of", "1.0"))).toBe(Number.POSITIVE_INFINITY);
  });

  it("bring what the old releases need but do not say", () => {
    const names = (bounds: VersionBound[]) => withCompanions(bounds).map((one) => `${one.distribution}<${one.below}`);
    expect(names([bound("pandas", "2.0")])).toEqual(["pandas<2.0", "numpy<2.0"]);
    expect(names([bound("pandas", "3.0")])).toEqual(["pandas<3.0"]);
    expect(names([bound("pandas", "2.0"), bound("numpy", "1.24")])).toEqual(["pandas<2.0", "numpy<1.24"]);
  });
});

describe("an era", () => {
  it("is a month: everything released later is left out", () => {
    const at = new Map(eraBounds("2022-11").map(({ distribution, below }) => [distribution, below]));
    expect(at.get("pandas")).toBe("2.0");
    expect(at.get("scikit-learn")).toBe("1.2");
    expect(at.get("numpy")).toBe("1.24");
    expect(checkedEra("2022-11")).toBe("2022-11");
    expect(checkedEra("newest")).toBe("newest");
    expect(() => checkedEra("2022")).toThrow('"2022" is no era');
    expect(() => checkedEra("2022-13")).toThrow("no era");
  });

  it("follows from what the author's run printed, else from his Python", () => {
    expect(authorEra(new Map([["pandas", "1.5.3"]]), "3.7.1")).toBe("2023-03");
    expect(
      authorEra(
        new Map([
          ["pandas", "1.5.3"],
          ["sklearn", "1.1.0"],
        ]),
        null,
      ),
    ).toBe("2022-11");
    expect(authorEra(new Map(), "3.10.4")).toBe("2023-10");
    expect(authorEra(new Map(), "3.6.5")).toBe("2021-12");
    expect(authorEra(new Map(), null)).toBeNull();
  });
});

describe("requirements", () => {
  it("are narrowed where they leave the version open", () => {
    const wish = wishFor(wanted("pandas"), wanted("scikit-learn==1.1.3", false), wanted("seaborn"));
    const { wanted: texts, notes } = narrowed(wish, [bound("pandas", "2.0"), bound("scikit-learn", "1.0")]);
    expect(texts.map(({ text }) => text)).toEqual([
      "pandas<2.0",
      "scikit-learn==1.1.3",
      "seaborn",
      "numpy<2.0",
      "scipy<1.12",
    ]);
    expect(notes).toEqual(["import in cell 1 asks for scikit-learn==1.1.3; a test would need scikit-learn<1.0"]);
  });

  it("get what is always there, and nothing that nobody asks for", () => {
    const { wanted: texts } = narrowed(wishFor(wanted("scikit-learn")), [
      bound("numpy", "1.24"),
      bound("xgboost", "2.0"),
    ]);
    expect(texts.map(({ text }) => text)).toEqual(["scikit-learn", "numpy<1.24"]);
  });
});

it("knows releases in the order of their versions, with days and Pythons", () => {
  for (const distribution of KNOWN) {
    const series = seriesOf(distribution);
    for (const [i, { version, date, python }] of series.entries()) {
      expect(date, `${distribution} ${version}`).toMatch(/^20\d\d-\d\d-\d\d$/);
      expect(Number.isInteger(python), `${distribution} ${version}`).toBe(true);
      if (i > 0) expect(compareVersions(series[i - 1]!.version, version)).toBeLessThan(0);
    }
  }
});
