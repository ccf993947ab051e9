import { describe, expect, it } from "vitest";
import type { RolloutState } from "../../src/actions/rollout/index.js";
import { readOwner } from "../../src/core/lock.js";
import type { LocalProject } from "../helpers/local-project.js";
import { type Traffic, until } from "../helpers/local-rollout.js";
import { rolloutFixture } from "../helpers/rollout-fixture.js";

const fixture = rolloutFixture();

const digest = (character: string): string => character.repeat(64);

/** A project in which v1 serves. */
async function serving(): Promise<{ project: LocalProject; traffic: Traffic }> {
  const project = await fixture.project();
  await project.deploy(await project.candidate(digest("a")));
  return { project, traffic: await fixture.clients(project) };
}

async function rollOut(
  project: LocalProject,
  switches: string[],
  flags = "",
): Promise<Awaited<ReturnType<LocalProject["run"]>>> {
  const { python } = await project.candidate(digest("b"), switches);
  return project.run(`rollout bbbb --python ${python} --json ${flags}`);
}

const QUICK = "--stage 10,1s,30req --stage 50,1s,50req --bake 1s";
// A new version answers thirty example rows before it gets requests of others.
const WARM = "--good-first=30";
const GOOD = "--good-first=40";
const verdictOf = (stdout: string): RolloutState => JSON.parse(stdout) as RolloutState;

describe("a rollout on this machine", () => {
  it("promotes a good version, loses no request, and goes back at a word", async () => {
    const { project, traffic } = await serving();
    const done = await rollOut(project, [], QUICK);
    expect(done.code, done.stderr).toBe(0);
    const state = verdictOf(done.stdout);
    expect(state).toMatchObject({ phase: "promoted", from: "v1", to: "v2", verdict: { outcome: "pass" } });
    const texts = state.history.map(({ text }) => text);
    expect(texts.filter((text) => text.includes("v2 gets"))).toEqual([
      "v2 gets 10 %",
      "step 1 passed; v2 gets 50 %",
      "step 2 passed; v2 gets 100 %",
    ]);
    const back = await project.run("rollback --json");
    expect(back.code, back.stderr).toBe(0);
    expect(back.json()).toMatchObject({ from: "v2", to: "v1", aborted: false });
    const ended = performance.now();
    await new Promise((tick) => setTimeout(tick, 200));
    await traffic.stop();
    expect(traffic.lost).toBe(0);
    expect(traffic.seen.filter(({ status }) => status !== 200)).toEqual([]);
    // After a command has ended, no request that began later is answered by the version that lost.
    expect(traffic.seen.filter(({ version, began }) => version === "v2" && began > ended)).toEqual([]);
    expect((await project.run("rollout history --json")).json()).toMatchObject({ rollouts: [{ phase: "promoted" }] });
  });

  it("takes out a version that only fails, at five errors for its users", async () => {
    const { project, traffic } = await serving();
    const done = await rollOut(project, ["--fail=1", WARM], "--stage 10,60s,1000req");
    expect(done.code).toBe(3);
    expect(verdictOf(done.stdout)).toMatchObject({
      phase: "rolled-back",
      verdict: { outcome: "fail", metric: "guard" },
    });
    await traffic.stop();
    // One client at a time may be waiting for each further answer when the fourth failure is seen.
    expect(traffic.failed("v2")).toBeGreaterThan(0);
    expect(traffic.failed("v2")).toBeLessThanOrEqual(5);
    expect(traffic.failed("v1")).toBe(0);
  });

  it.each([
    // Not so often that half of the last forty fail: then the router would not wait for the statistics.
    ["fails more often", ["--fail=0.2", GOOD], /^errors$/],
    ["is many times slower", ["--slow=40", GOOD], /^slow$/],
    // Whichever sees it first: the router, or who looks after processes.
    ["dies under its first requests", ["--die", GOOD], /^(guard|process)$/],
    ["crashes when it starts", ["--crash"], /^start$/],
    ["answers the example rows otherwise", ["--factor=3"], /^start$/],
  ])("rolls back one that %s, and the old one serves on", async (_what, switches, metric) => {
    const { project, traffic } = await serving();
    const done = await rollOut(project, switches, "--stage 50,60s,100000req");
    expect(done.code, done.stderr).toBe(3);
    expect(verdictOf(done.stdout)).toMatchObject({
      phase: "rolled-back",
      verdict: { outcome: "fail", metric: expect.stringMatching(metric) },
    });
    expect(await project.app().ask()).toMatchObject({ status: 200 });
    await traffic.stop();
    expect((await project.run("status --json")).json()).toMatchObject({
      apps: [{ phase: "ready", versions: [{ name: "v1" }] }],
    });
  });

  it("holds without requests, and can be told to go on", async () => {
    const { project, traffic } = await serving();
    await traffic.stop();
    const { python } = await project.candidate(digest("b"));
    const begun = await project.run(`rollout bbbb --python ${python} --detach --stage 10,1s,10req --bake 1s`);
    expect(begun.code, begun.stderr).toBe(0);
    await until(project, ({ verdict }) => verdict?.reason === "no request came in this step");
    expect((await project.run("rollout status --json")).code).toBe(4);
    const refused = await project.run("deploy aaaa");
    expect(refused).toMatchObject({ code: expect.any(Number) });
    expect(refused.code).not.toBe(0);
    expect((await project.run("rollout promote --why looked")).code).toBe(0);
    const state = await until(project, ({ phase }) => phase === "promoted");
    expect(state.history.map(({ text }) => text).join("\n")).toMatch(/moved on by .*: looked; v2 gets 100 %/);
  });

  it("can be paused, resumed and aborted by anybody", async () => {
    const { project, traffic } = await serving();
    const { python } = await project.candidate(digest("b"));
    await project.run(`rollout bbbb --python ${python} --detach --stage 20,600s,10req`);
    await until(project, ({ phase, since_ms }) => phase === "step" && since_ms !== null);
    expect((await project.run("rollout pause --why lunch")).code).toBe(0);
    expect((await until(project, ({ paused }) => paused !== null)).paused).toMatchObject({ why: "lunch" });
    expect((await project.run("rollout resume")).code).toBe(0);
    await until(project, ({ paused }) => paused === null);
    const aborted = await project.run("rollout abort --why wrong --json");
    expect(aborted.code, aborted.stderr).toBe(0);
    expect(verdictOf(aborted.stdout)).toMatchObject({ phase: "aborted", verdict: { metric: "person" } });
    await traffic.stop();
    expect(traffic.seen.every(({ status }) => status === 200)).toBe(true);
    expect(traffic.lost).toBe(0);
    expect((await project.run("rollout abort")).code).toBe(2);
  });

  it("goes on after its driver was killed, from where it was", async () => {
    const { project, traffic } = await serving();
    const { python } = await project.candidate(digest("b"));
    await project.run(`rollout bbbb --python ${python} --detach --stage 20,1s,20req --stage 50,5s,20req --bake 1s`);
    await until(project, ({ step, since_ms }) => step === 1 && since_ms !== null);
    const owner = await readOwner(project.app().paths.operationLock);
    process.kill(owner!.pid, "SIGKILL");
    await expect.poll(async () => (await project.run("rollout status --json")).json()).toMatchObject({ driven: false });
    const resumed = await project.run("rollout resume --json");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(verdictOf(resumed.stdout)).toMatchObject({ phase: "promoted" });
    await traffic.stop();
    expect(traffic.lost).toBe(0);
    expect(traffic.seen.every(({ status }) => status === 200)).toBe(true);
  });

  it("refuses what cannot be rolled out, in one sentence", async () => {
    const project = await fixture.project();
    const { python } = await project.candidate(digest("b"));
    const nothing = await project.run(`rollout bbbb --python ${python}`);
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining("demo does not serve") });
    for (const [flags, words] of [
      ["--stage 120", "120 is not between 0.1 and 100"],
      ["--stage 10 --stage 5", "does not give more than the one before it"],
      ["--bake soon", "--bake soon is not a time"],
      ["--excess -1", "is not a number of percentage points"],
    ]) {
      const refused = await project.run(`rollout bbbb --python ${python} ${flags}`);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(words!) });
    }
    expect((await project.run("rollback")).code).toBe(2);
  });
});
