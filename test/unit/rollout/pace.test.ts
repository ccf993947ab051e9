import { describe, expect, it } from "vitest";
import { LATENCY_BOUNDS } from "../../../src/core/evidence.js";
import type { Arm, Epoch } from "../../../src/rollout/evidence.js";
import { NO_PACE, type Pace, pursue } from "../../../src/rollout/pace.js";
import { logOf } from "../../../src/rollout/wager.js";
import { random } from "./simulation.js";

const logPace = ({ wager }: Pace): number => logOf(wager);

/** Answers of one version: so many in all, so many of them in a far bucket. */
function arm(requests: number, slow = 0, far = 60, errors = 0): Arm {
  const latency = new Array(LATENCY_BOUNDS.length + 1).fill(0);
  latency[40] = requests - slow - errors;
  latency[far] += slow;
  return { requests, errors, latency };
}

const epoch = (weight: number, old: Arm, fresh: Arm, router = "a"): Epoch => {
  return { router, generation: weight + 1, weight, old, new: fresh };
};
/** The old version alone, before. */
const BEFORE = epoch(0, arm(200), arm(0));

/** Looks at what has been counted, a second apart. */
function paced(weight: number, ...looks: [old: Arm, fresh: Arm][]): Pace {
  const begun = pursue(NO_PACE, [BEFORE, epoch(weight, arm(0), arm(0))], weight, 0);
  return looks.reduce(
    (pace, [old, fresh], i) => pursue(pace, [BEFORE, epoch(weight, old, fresh)], weight, (i + 1) * 1000),
    begun,
  );
}

describe("how fast two versions answer", () => {
  it("is compared by the shares that are slow: half as much again as the old version's p95 before", () => {
    // 1.15 ** 3 is 1.52: three buckets on is the limit.
    for (const [bucket, slow] of [
      [42, 0],
      [43, 0],
      [44, 30],
    ] as const) {
      expect(paced(100, [arm(270), arm(30, 30, bucket)]).compared).toEqual({
        old: { answers: 270, slow: 0 },
        new: { answers: 30, slow },
      });
    }
    expect(logPace(NO_PACE)).toBeCloseTo(0, 12);
    expect(logPace(paced(100, [arm(270, 3), arm(30, 30)]))).toBeGreaterThan(0.1);
    expect(logPace(paced(100, [arm(270, 27), arm(30, 3)]))).toBeLessThan(0);
  });

  it("counts what is slow by a limit that stays while the weights do, whatever the old version does meanwhile", () => {
    const early = paced(100, [arm(100), arm(10)]);
    const late = paced(100, [arm(100), arm(10)], [arm(5000, 4900, 80), arm(20)]);
    expect(late.slow_above).toBe(early.slow_above);
    expect(late.compared.old.slow).toBe(4900);
  });

  it("begins when the old version has shown enough, and with what is answered from then on", () => {
    const few = epoch(0, arm(60), arm(0));
    const look = (before: Pace, count: number, now: number): Pace =>
      pursue(before, [few, epoch(500, arm(count), arm(count, count))], 500, now);
    let pace = look(NO_PACE, 30, 0);
    expect(pace.slow_above).toBe(null);
    pace = look(pace, 50, 1000);
    expect(pace).toMatchObject({ slow_above: 43, compared: { new: { answers: 0 } } });
    pace = look(pace, 90, 2000);
    expect(pace.compared).toEqual({ old: { answers: 40, slow: 0 }, new: { answers: 40, slow: 40 } });
  });

  it("takes a second as one, and longer where one of the two has not answered", () => {
    const [before, after] = [paced(100), paced(100, [arm(270), arm(30, 30)])];
    const counted = [BEFORE, epoch(100, arm(270), arm(30, 30))];
    expect(pursue(before, counted, 100, 999)).toEqual(before);
    expect(pursue(before, counted, 100, 1000)).toEqual(after);
    // The same counts once more are nothing new.
    expect(pursue(after, counted, 100, 9000)).toEqual(after);
    // A burst is no more than the one moment that it is.
    const burst = [BEFORE, epoch(100, arm(2700), arm(3000, 3000))];
    expect(logPace(pursue(before, burst, 100, 1000))).toBe(logPace(after));
    expect(pursue(before, [BEFORE, epoch(100, arm(300), arm(0))], 100, 5000)).toEqual(before);
    // A driver whose clock is an hour behind goes on.
    expect(pursue({ ...before, since_ms: 3_600_000 }, counted, 100, 1000).compared).toEqual(after.compared);
  });

  it("begins a period anew with other weights, and keeps what it knows", () => {
    const before = paced(100, [arm(270), arm(30, 30)]);
    const counted = [BEFORE, epoch(100, arm(300), arm(40, 40)), epoch(500, arm(10), arm(10, 10))];
    const after = pursue(before, counted, 500, 9000);
    expect(after).toMatchObject({ weight: 500, since_ms: 9000, wager: before.wager, new: { answers: 10, slow: 10 } });
    for (const weight of [0, 1000]) expect(pursue(before, counted, weight, 9000)).toBe(before);
  });

  it("adds up routers, and leaves failures out", () => {
    const epochs = [BEFORE, epoch(500, arm(50), arm(50, 10)), epoch(500, arm(50), arm(60, 10, 60, 10), "b")];
    const begun = pursue(NO_PACE, [BEFORE], 500, 0);
    expect(pursue(begun, epochs, 500, 1000).compared).toEqual({
      old: { answers: 100, slow: 0 },
      new: { answers: 100, slow: 20 },
    });
  });

  it("finds out one that turns slow after an hour", () => {
    let pace = paced(100);
    for (const good of [0, 600, 3600]) {
      pace = paced(100);
      let [second, slow] = [0, 0];
      for (; logPace(pace) < Math.log(400); second++) {
        if (second >= good) slow += 10;
        const counted = [BEFORE, epoch(100, arm(90 * second + 90), arm(10 * second + 10, slow))];
        pace = pursue(pace, counted, 100, (second + 1) * 1000);
      }
      expect(second - good).toBeLessThan(good === 0 ? 14 : 40);
    }
  });

  // Of both alike in the mean: in bursts that take all of one process, and one by one.
  it.each([
    ["process by process", 0.5, true],
    ["process by process, most requests at the new one", 0.9, true],
    ["one by one", 0.1, false],
    ["one by one, half and half", 0.5, false],
    ["one by one, most of them at the new one", 0.9, false],
  ])("accuses one that is no slower seldom: slow answers come %s", (_how, share, together) => {
    const next = random(11);
    const runs = 400;
    let accused = 0;
    for (let run = 0; run < runs; run++) {
      let pace = paced(share * 1000);
      const [old, fresh] = [
        { n: 0, slow: 0 },
        { n: 0, slow: 0 },
      ];
      for (let second = 1; second <= 300; second++) {
        for (const [side, part] of [
          [old, 1 - share],
          [fresh, share],
        ] as const) {
          const halted = together && next() < 0.2;
          for (let i = 0; i < Math.round(20 * part); i++) {
            side.n += 1;
            if (together ? halted : next() < 0.05) side.slow += 1;
          }
        }
        const counted = [BEFORE, epoch(share * 1000, arm(old.n, old.slow), arm(fresh.n, fresh.slow))];
        pace = pursue(pace, counted, share * 1000, second * 1000);
        if (logPace(pace) < Math.log(20)) continue;
        accused += 1;
        break;
      }
    }
    // Ville: at most 5 %.
    expect(accused / runs).toBeLessThan(0.05);
  });
});
