import { describe, expect, it } from "vitest";
import type { Candidate } from "../../../../src/actions/deploy/candidate.js";
import { serveEnv } from "../../../../src/actions/deploy/candidate.js";
import { sameAnswer } from "../../../../src/actions/deploy/example.js";
import { appName } from "../../../../src/actions/deploy/index.js";
import { planDeploy } from "../../../../src/actions/deploy/plan.js";
import { type AppState, newState, type VersionRecord } from "../../../../src/local/state.js";

const candidate = (digest: string, python = "/py"): Candidate => ({
  notebook: "/n.ipynb",
  run: null,
  bundle: { digest, dir: `/b/${digest}` },
  python,
  examples: { rows: [{}], predictions: [0] },
  reused: false,
});
const record = (name: string, digest: string, color: "blue" | "green"): VersionRecord => ({
  name,
  color,
  created: "",
  notebook: null,
  bundle: { digest, dir: `/b/${digest}` },
  run: null,
  command: ["/py"],
  cwd: "/",
  env: {},
});
function state(versions: VersionRecord[], current: string | null, running = true): AppState {
  const base = newState("demo", { host: "127.0.0.1", number: 1, pinned: false }, 0);
  const desired = current === null ? [] : [{ name: current, weight: 1000, serial: 1 }];
  return { ...base, versions, desired: { running, versions: desired, router: 1 } };
}

describe("what a deployment means", () => {
  const one = state([record("v1", "a", "blue")], "v1");
  it.each([
    ["the first one", null, candidate("a"), false, { kind: "new", version: "v1", color: "blue", replaces: null }],
    ["the same again", one, candidate("a"), true, { kind: "unchanged", version: "v1" }],
    ["the same, but it does not run", one, candidate("a"), false, { kind: "start", version: "v1" }],
    ["another one", one, candidate("b"), true, { kind: "new", version: "v2", color: "green", replaces: "v1" }],
    [
      "another interpreter",
      one,
      candidate("a", "/py2"),
      true,
      { kind: "new", version: "v2", color: "green", replaces: "v1" },
    ],
    [
      "after a stop",
      state([record("v1", "a", "blue")], "v1", false),
      candidate("b"),
      false,
      { kind: "new", version: "v2", color: "green", replaces: null },
    ],
    [
      "after a failure: its number is not used again",
      state([record("v1", "a", "blue"), record("v2", "b", "green")], "v1"),
      candidate("c"),
      true,
      { kind: "new", version: "v3", color: "green", replaces: "v1" },
    ],
    [
      "after a failed first one",
      state([record("v1", "a", "blue")], null, false),
      candidate("a"),
      false,
      { kind: "new", version: "v2", color: "blue", replaces: null },
    ],
  ])("%s", (_name, before, next, serving, expected) => {
    expect(planDeploy(before as AppState | null, next as Candidate, serving as boolean)).toEqual(expected);
  });
});

describe("comparing answers", () => {
  it.each([
    [1, 1, true],
    [1, 1.0000001, true],
    [1, 1.01, false],
    [1e9, 1e9 + 1, true],
    ["yes", "yes", true],
    ["yes", "no", false],
    [1, "1", false],
    [null, null, true],
    [[1, "a"], [1, "a"], true],
    [[1], [1, 2], false],
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1 }, { a: 2 }, false],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [0, undefined, false],
  ])("%j and %j: %s", (expected, actual, same) => {
    expect(sameAnswer(expected, actual)).toBe(same);
  });
});

describe("the app's name", () => {
  it("comes from the notebook's file", () => {
    expect(appName(undefined, "Churn Model (final)")).toBe("churn-model-final");
    expect(appName("churn", "x")).toBe("churn");
  });
  it.each(["Churn", "a_b", "-a", ""])("is not %j", (name) => {
    expect(() => appName(name, "x")).toThrow(/no name/);
  });
});

describe("the environment of scoring", () => {
  it("holds no secrets and nothing of the person's Python", () => {
    const env = serveEnv({ PATH: "/bin", AWS_SECRET_ACCESS_KEY: "x", PYTHONSTARTUP: "y", PYTHONPATH: "z" });
    expect(Object.keys(env).sort()).toEqual([
      "PATH",
      "PYTHONHASHSEED",
      "PYTHONNOUSERSITE",
      "PYTHONPATH",
      "PYTHONUNBUFFERED",
    ]);
    expect(env.PYTHONPATH).toMatch(/src\/runtime$/);
  });
});
