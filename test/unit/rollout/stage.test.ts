import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration, parseStages, shortestTime } from "../../../src/rollout/stage.js";

describe("stages", () => {
  it("are a percentage, and a time and a number of requests in any order", () => {
    expect(parseStages(["0.5", "10,5m,200req", "50, 30req, 1.5h"])).toEqual([
      { weight: 5, ms: 0, requests: 0 },
      { weight: 100, ms: 300_000, requests: 200 },
      { weight: 500, ms: 5_400_000, requests: 30 },
    ]);
    expect(parseStages([])).toEqual([]);
  });

  it("need none that gives everything: the last step does", () => {
    expect(parseStages(["10", "100"])).toEqual([{ weight: 100, ms: 0, requests: 0 }]);
  });

  it.each([
    ["x", '"x" is not a percentage'],
    ["", '"" is not a percentage'],
    ["10%", '"10%" is not a percentage'],
    ["-1", '"-1" is not a percentage'],
    ["1e1", '"1e1" is not a percentage'],
    ["0", "0 is not between 0.1 and 100"],
    ["101", "101 is not between 0.1 and 100"],
    ["10,5", '"5" is neither a time nor a number of requests'],
    ["10,5d", '"5d" is neither a time nor a number of requests'],
    ["10,-5m", '"-5m" is neither a time nor a number of requests'],
  ])("%j is refused in one sentence", (text, why) => {
    expect(() => parseStages([text])).toThrow(why);
    expect(() => parseStages([text])).toThrow("(write 10,5m,200req)");
  });

  it("must rise", () => {
    expect(() => parseStages(["10", "10,1m"])).toThrow('"10,1m" does not give more than the one before it');
  });

  it("take a time that can be told beforehand", () => {
    const stages = parseStages(["10,1m,100req", "50,2m,200req"]);
    expect(shortestTime(stages, 60_000, 0)).toBe(240_000);
    // A request a second: 100 requests at a tenth take 1000 s, 200 at a half take 400 s.
    expect(shortestTime(stages, 60_000, 1)).toBe(1_460_000);
  });
});

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["5", null],
    ["5ms", null],
    ["s", null],
    ["-1s", null],
  ])("%s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it("are told in the unit that fits", () => {
    expect([1500, 90_000, 3_600_000, 9_000_000].map(formatDuration)).toEqual(["2 s", "2 min", "60 min", "2.5 h"]);
  });
});
