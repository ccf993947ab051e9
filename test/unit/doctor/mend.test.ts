import { mkdir, readdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { processStart } from "../../../src/core/process.js";
import { newState } from "../../../src/local/state.js";
import { clinic, goneProcess, writeLock } from "./clinic.js";

const LONG_AGO = new Date("2024-01-01T00:00:00Z");

describe("iapp doctor --fix", () => {
  it("removes locks whose owner is gone, and no other", async () => {
    const { cwd, run, found } = await clinic();
    const dir = join(cwd, ".iapp/apps/churn");
    await writeLock(join(dir, "operation.lock"), goneProcess());
    await writeLock(join(dir, "state.lock"), process.pid);
    await writeLock(join(cwd, ".iapp/envs/abc.lock"), 4, { host: "another-machine" });
    // The same number, but another process than the one that took it.
    await writeLock(join(dir, "supervisor.lock"), process.pid, { start: "1" });
    await writeFile(join(cwd, ".iapp/damaged.lock"), "");
    await utimes(join(cwd, ".iapp/damaged.lock"), LONG_AGO, LONG_AGO);
    await writeFile(join(cwd, ".iapp/fresh.lock"), "");

    const seen = await run();
    const texts = found(seen.result, "locks").sort();
    expect(texts).toHaveLength(4);
    expect(texts[0]).toMatch(/^warn .iapp\/apps\/churn\/operation.lock was left by a process that is gone: iapp train/);
    expect(texts[1]).toMatch(/supervisor.lock was left/);
    expect(texts[2]).toMatch(/damaged/);
    expect(texts[3]).toMatch(/held on another machine/);
    expect((await readdir(dir)).sort()).toEqual(["operation.lock", "state.lock", "supervisor.lock"]);

    const { code, result } = await run("--fix");
    expect(code).toBe(0);
    expect(
      result.findings
        .filter(({ fixed }) => fixed !== null)
        .map(({ fixed }) => fixed!)
        .sort(),
    ).toEqual([
      "removed .iapp/apps/churn/operation.lock",
      "removed .iapp/apps/churn/supervisor.lock",
      "removed .iapp/damaged.lock",
    ]);
    expect(await readdir(dir)).toEqual(["state.lock"]);
    expect((await readdir(join(cwd, ".iapp"))).filter((name) => name.endsWith(".lock"))).toEqual(["fresh.lock"]);
    expect(await readdir(join(cwd, ".iapp/envs"))).toEqual(["abc.lock"]);
  });

  it("removes environments that were not finished or cannot run, and keeps what is whole or in use", async () => {
    const { cwd, env, run, found } = await clinic();
    const envs = join(cwd, ".iapp/envs");
    const make = async (name: string, python: string | null, mark: boolean): Promise<void> => {
      await mkdir(join(envs, name, "bin"), { recursive: true });
      if (python !== null) await symlink(python, join(envs, name, "bin/python"));
      if (mark) await writeFile(join(envs, name, "environment.json"), "{}");
    };
    await make("whole", join(env.PATH!, "python3"), true);
    await make("half", join(env.PATH!, "python3"), false);
    await make("orphan", "/gone/bin/python3", true);
    await make("used", "/gone/bin/python3", true);
    const state = newState("churn", { host: "127.0.0.1", number: 1, pinned: false }, 0);
    const own = { pid: process.pid, start: processStart(process.pid) };
    state.desired.running = true;
    state.observed = { ...state.observed, supervisor: own, router: { ...UNIT, process: own } };
    state.versions = [
      {
        name: "v1",
        color: "blue",
        created: "",
        notebook: null,
        bundle: { digest: "", dir: "" },
        run: null,
        command: [join(envs, "used/bin/python")],
        cwd: "",
        env: {},
      },
    ];
    await mkdir(join(cwd, ".iapp/apps/churn"), { recursive: true });
    await writeFile(join(cwd, ".iapp/apps/churn/state.json"), JSON.stringify(state));

    await writeLock(join(envs, "half.lock"), process.pid);
    expect(found((await run()).result, "environments")).toEqual(["ok 4 there, one of them in the making"]);
    await writeLock(join(envs, "half.lock"), goneProcess());

    const { result } = await run("--fix");
    expect(found(result, "environments").sort()).toEqual([
      "warn .iapp/envs/half was not finished",
      "warn .iapp/envs/orphan has a Python that does not run (was the one it was made from removed?)",
      "warn .iapp/envs/used has a Python that does not run (was the one it was made from removed?), and an app that runs uses it",
    ]);
    expect((await readdir(envs)).sort()).toEqual(["used", "whole"]);
  });

  it("hides .iapp from git", async () => {
    const { cwd, run, found } = await clinic();
    await mkdir(join(cwd, ".git"));
    await mkdir(join(cwd, ".iapp"));
    expect(found((await run()).result, "gitignore")).toEqual(["warn git would take .iapp into the repository"]);
    await run("--fix");
    expect(await readFile(join(cwd, ".iapp/.gitignore"), "utf8")).toBe("*\n");
    expect(found((await run()).result, "gitignore")).toEqual([]);
  });

  it("removes what an interrupted init left, when it is old", async () => {
    const { cwd, run } = await clinic();
    await mkdir(join(cwd, ".iapp-init-abc123"));
    await mkdir(join(cwd, ".iapp-init-def456"));
    await utimes(join(cwd, ".iapp-init-abc123"), LONG_AGO, LONG_AGO);
    await run("--fix");
    expect(await readdir(cwd)).toEqual([".iapp-init-def456"]);
  });
});

describe("iapp doctor on apps", () => {
  it.each([
    ["{broken", "fail the state of churn is damaged"],
    ['{"schema": "iapp.app/9"}', "fail churn was deployed by another version of iapp (iapp.app/9)"],
    ["{}", "fail churn was deployed by another version of iapp (undefined)"],
  ])("reads their state with care: %s", async (text, expected) => {
    const { cwd, run, found } = await clinic();
    await mkdir(join(cwd, ".iapp/apps/churn"), { recursive: true });
    await writeFile(join(cwd, ".iapp/apps/churn/state.json"), text);
    const { code, result } = await run();
    expect(found(result, "apps")[0]).toContain(expected);
    expect(code).toBe(1);
  });

  it("finds one that should run and does not", async () => {
    const { cwd, run, found } = await clinic();
    const state = newState("churn", { host: "127.0.0.1", number: 1, pinned: false }, 0);
    const write = (): Promise<void> => writeFile(join(cwd, ".iapp/apps/churn/state.json"), JSON.stringify(state));
    await mkdir(join(cwd, ".iapp/apps/churn"), { recursive: true });
    await write();
    expect(found((await run()).result, "apps")).toEqual(["ok churn is stopped"]);
    state.desired.running = true;
    state.observed = { ...state.observed, supervisor: { pid: goneProcess(), start: "1" } };
    await write();
    const { code, result } = await run();
    expect(found(result, "apps")).toEqual(["warn churn should run, but its supervisor is gone and nothing of it runs"]);
    expect(code).toBe(0);
    const own = { pid: process.pid, start: processStart(process.pid) };
    state.observed = { ...state.observed, supervisor: own, versions: { v1: [{ ...UNIT, phase: "crash-loop" }] } };
    await write();
    expect(found((await run()).result, "apps")[0]).toMatch(/^warn churn: scoring-v1-1 was given up/);
  });
});

const UNIT = {
  unit: "scoring-v1-1",
  serial: 1,
  phase: "ready" as const,
  process: null,
  program: null,
  port: null,
  admin: null,
  since: 0,
  restarts: 0,
  proven: true,
  problem: null,
};
