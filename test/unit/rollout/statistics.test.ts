import { describe, expect, it } from "vitest";
import {
  attribute,
  HAZARDS,
  isWorse,
  logEvidence,
  newAttribution,
  type Shares,
} from "../../../src/rollout/attribution.js";
import { difference, wilson, Z95 } from "../../../src/rollout/proportions.js";
import { logOf, type Wager } from "../../../src/rollout/wager.js";
import { random } from "./simulation.js";

describe("error attribution", () => {
  it("says nothing where nothing happened, or where nothing could be told apart", () => {
    expect(logEvidence([])).toBeCloseTo(0, 12);
    expect(logEvidence([{ weight: 0.1, onNew: 0, onOld: 0 }])).toBeCloseTo(0, 12);
    expect(logEvidence([{ weight: 1, onNew: 50, onOld: 0 }])).toBeCloseTo(0, 12);
    expect(logEvidence([{ weight: 0, onNew: 0, onOld: 50 }])).toBeCloseTo(0, 12);
  });

  it("is the mean of the likelihood ratios", () => {
    const [w, onNew, onOld] = [0.1, 3, 2];
    const ratios = HAZARDS.map((r) => (r / (r * w + 1 - w)) ** onNew * (1 / (r * w + 1 - w)) ** onOld);
    const mean = ratios.reduce((sum, one) => sum + one, 0) / ratios.length;
    expect(logEvidence([{ weight: w, onNew, onOld }])).toBeCloseTo(Math.log(mean), 10);
  });

  it("is a fair game where both are equally prone: its mean stays one", () => {
    // Exactly: over the outcomes of one event, weighted with their probabilities.
    for (const w of [0.01, 0.1, 0.5, 0.9]) {
      const onNew = Math.exp(logEvidence([{ weight: w, onNew: 1, onOld: 0 }]));
      const onOld = Math.exp(logEvidence([{ weight: w, onNew: 0, onOld: 1 }]));
      expect(w * onNew + (1 - w) * onOld).toBeCloseTo(1, 12);
    }
  });

  it("does not overflow with many events", () => {
    const many = logEvidence([{ weight: 0.5, onNew: 1_000_000, onOld: 1000 }]);
    expect(Number.isFinite(many)).toBe(true);
    expect(many).toBeGreaterThan(100_000);
    expect(logEvidence([{ weight: 0.5, onNew: 1000, onOld: 1_000_000 }])).toBeLessThan(-1000);
  });

  it("accuses one that is no worse seldom, however often one looks", () => {
    const next = random(7);
    let accused = 0;
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      const share = { weight: 0.1, onNew: 0, onOld: 0 };
      for (let event = 0; event < 300; event++) {
        if (next() < share.weight) share.onNew += 1;
        else share.onOld += 1;
        // Looked at after every event.
        if (!isWorse([share], 0.05)) continue;
        accused += 1;
        break;
      }
    }
    // Ville: at most 5 %; three standard errors above that would be 6.5 %.
    expect(accused / runs).toBeLessThan(0.065);
    expect(accused).toBeGreaterThan(0);
  });

  it("is not misled by an outage of both, which weights alone would be", () => {
    // At 10 % during an outage that hits both: errors fall as the requests do.
    expect(isWorse([{ weight: 0.1, onNew: 100, onOld: 900 }], 0.01)).toBe(false);
    // The same counts of the new version in a quiet time are proof.
    expect(isWorse([{ weight: 0.1, onNew: 100, onOld: 100 }], 0.01)).toBe(true);
  });
});

describe("evidence gathered look by look", () => {
  const gather = (looks: Shares[][]): Wager => looks.reduce(attribute, newAttribution());

  it("is a fair game in every round, and none where nothing can be told apart", () => {
    const before = gather([[{ weight: 0.1, onNew: 3, onOld: 9 }], [{ weight: 0.5, onNew: 2, onOld: 1 }]]);
    for (const w of [0.01, 0.1, 0.5, 0.9]) {
      const becomes = (onNew: number, onOld: number): number =>
        Math.exp(logOf(attribute(before, [{ weight: w, onNew, onOld }])));
      expect(w * becomes(1, 0) + (1 - w) * becomes(0, 1)).toBeCloseTo(Math.exp(logOf(before)), 10);
    }
    for (const weight of [0, 1]) expect(attribute(before, [{ weight, onNew: 5, onOld: 5 }])).toBe(before);
    expect(attribute(before, [{ weight: 0.5, onNew: 0, onOld: 0 }])).toBe(before);
  });

  it("is worth half as much as what was always known, and much more where it comes late", () => {
    const shares = { weight: 0.1, onNew: 8, onOld: 5 };
    expect(logOf(gather([[shares]]))).toBeCloseTo(Math.log(0.5 + 0.5 * Math.exp(logEvidence([shares]))), 10);
    const quiet = Array.from({ length: 1000 }, () => [{ weight: 0.1, onNew: 1, onOld: 9 }]);
    const bad = Array.from({ length: 30 }, () => [{ weight: 0.1, onNew: 2, onOld: 1 }]);
    expect(logOf(gather([...quiet, ...bad]))).toBeGreaterThan(6);
    expect(logEvidence([...quiet, ...bad].flat())).toBeLessThan(-50);
  });

  it("accuses one that is no worse seldom, however often one looks", () => {
    const next = random(8);
    const runs = 2000;
    let accused = 0;
    for (let run = 0; run < runs; run++) {
      let wager = newAttribution();
      for (let event = 0; event < 300 && logOf(wager) < Math.log(20); event++) {
        const onNew = Number(next() < 0.1);
        wager = attribute(wager, [{ weight: 0.1, onNew, onOld: 1 - onNew }]);
      }
      accused += Number(logOf(wager) >= Math.log(20));
    }
    // Ville, as above.
    expect(accused / runs).toBeLessThan(0.065);
    expect(accused).toBeGreaterThan(0);
  });

  it("stays a number that can be written, whatever comes", () => {
    const much = gather([[{ weight: 0.5, onNew: 1e6, onOld: 0 }], [{ weight: 0.5, onNew: 1e6, onOld: 0 }]]);
    expect(logOf(JSON.parse(JSON.stringify(much)) as Wager)).toBeGreaterThan(600);
    expect(logOf(gather([[{ weight: 0.5, onNew: 0, onOld: 1e6 }]]))).toBeCloseTo(Math.log(0.5), 10);
  });
});

describe("intervals of proportions", () => {
  it("are Wilson's", () => {
    // Newcombe 1998, table I: 81 of 263, 95 % two-sided.
    const [lower, upper] = wilson(81, 263, 1.959964);
    expect(lower).toBeCloseTo(0.2553, 4);
    expect(upper).toBeCloseTo(0.3662, 4);
    expect(wilson(0, 0)).toEqual([0, 1]);
    expect(wilson(0, 20)[0]).toBe(0);
    expect(wilson(20, 20)[1]).toBe(1);
  });

  it("of differences are Newcombe's method 10", () => {
    // Newcombe 1998 (differences), table II: 56/70 and 48/80.
    const [lower, upper] = difference({ hits: 56, trials: 70 }, { hits: 48, trials: 80 }, 1.959964);
    expect(lower).toBeCloseTo(0.0524, 4);
    expect(upper).toBeCloseTo(0.3339, 4);
  });

  it("hold what they promise", () => {
    const next = random(3);
    const draw = (p: number, n: number): number => Array.from({ length: n }, next).filter((u) => u < p).length;
    let covered = 0;
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      const [, upper] = difference({ hits: draw(0.03, 200), trials: 200 }, { hits: draw(0.03, 800), trials: 800 }, Z95);
      if (upper >= 0) covered += 1;
    }
    // One-sided 95 %; three standard errors are 1.5 points.
    expect(covered / runs).toBeGreaterThan(0.935);
  });
});
