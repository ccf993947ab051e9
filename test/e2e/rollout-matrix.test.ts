import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { RolloutState, RolloutStatus } from "../../src/actions/rollout/index.js";
import { readOwner } from "../../src/core/lock.js";
import { isSameProcess } from "../../src/core/process.js";
import { readRollout } from "../../src/local/rollout-store.js";
import type { LocalProject } from "../helpers/local-project.js";
import { type Traffic, until } from "../helpers/local-rollout.js";
import { rolloutFixture } from "../helpers/rollout-fixture.js";

// Every fault that rollouts of others were found to mishandle, with real processes, a real router, and requests all the time.
const fixture = rolloutFixture();

/** Behind the thirty example rows that a new version answers before it is asked by others, and some requests. */
const GOOD = "--good-first=40";

async function serving(switches: string[] = []): Promise<{ project: LocalProject; traffic: Traffic }> {
  const project = await fixture.project();
  await project.deploy(await project.candidate("a".repeat(64), switches));
  const traffic = await clients(project);
  return { project, traffic };
}

const clients = (project: LocalProject): Promise<Traffic> => fixture.clients(project, 4, [2, 2, 2, 5]);

async function rollOut(project: LocalProject, switches: string[], flags: string) {
  const { python } = await project.candidate("b".repeat(64), switches);
  const done = await project.run(`rollout bbbb --python ${python} --json ${flags}`);
  const state = done.code === 0 || done.code === 3 ? (done.json() as RolloutState) : null;
  if (state !== null) report(switches.join(" ") || flags, state);
  return { ...done, state };
}

/** What the table of faults says, where somebody wants to read it. */
function report(what: string, { phase, verdict, history }: RolloutState): void {
  if (process.env.IAPP_TEST_REPORT === undefined) return;
  const began = history.find(({ text }) => text.includes("gets"))?.at_ms ?? history[0]!.at_ms;
  const seconds = (history.at(-1)!.at_ms - began) / 1000;
  console.log(`${what} | ${phase} | ${verdict?.metric} | ${seconds.toFixed(1)} s | ${verdict?.reason}`);
}

const QUICK = "--stage 10,1s,30req --stage 50,1s,50req --bake 1s";
const LONG = "--stage 50,60s,100000req";

describe("a new version", () => {
  it.each([
    ["is three times slower", ["--slow=10"], ["--slow=30", GOOD], LONG, /^slow$/],
    ["refuses what the old one takes", [], ["--refuse", GOOD], LONG, /^refused$/],
    ["gives no predictions", [], ["--invalid", GOOD], LONG, /^invalid$/],
    ["dies some seconds after its first requests", [], ["--die-after=1500", GOOD], LONG, /^(process|guard)$/],
    ["is never ready and ends", [], ["--crash-starts=99"], LONG, /^start$/],
  ])("that %s goes back", async (_what, old, switches, flags, metric) => {
    const { project, traffic } = await serving(old);
    const { code, state, stderr } = await rollOut(project, switches, flags);
    expect(code, stderr).toBe(3);
    expect(state).toMatchObject({ phase: "rolled-back", verdict: { metric: expect.stringMatching(metric) } });
    const ended = performance.now();
    await new Promise((tick) => setTimeout(tick, 300));
    await traffic.stop();
    expect(traffic.seen.filter(({ version, began }) => version === "v2" && began > ended)).toEqual([]);
    expect(traffic.failed("v1")).toBe(0);
    expect(traffic.lost).toBe(0);
  });

  it.each([
    ["fails", ["--copies-fail"], "", /^shadow$/],
    ["gives no predictions", ["--invalid", "--good-first=30"], "", /^shadow$/],
    ["refuses them", ["--refuse", "--good-first=30"], "", /^shadow$/],
    ["answers otherwise than was expected", ["--odd=5", "--good-first=30"], "--expect-agreement 0.98", /^agreement$/],
    ["is shifted", ["--late-factor=3", "--good-first=30"], "--expect-mean-shift 0.5", /^mean-shift$/],
  ])("that at copies of requests %s goes back before anybody has met it", async (_what, switches, flags, metric) => {
    const { project, traffic } = await serving();
    const { code, state, stderr } = await rollOut(project, switches, `--shadow 1s,300req ${QUICK} ${flags}`);
    expect(code, stderr).toBe(3);
    expect(state).toMatchObject({ phase: "rolled-back", verdict: { metric: expect.stringMatching(metric) } });
    await traffic.stop();
    expect(traffic.seen.filter(({ version, status }) => version === "v2" || status !== 200)).toEqual([]);
    expect(traffic.lost).toBe(0);
  });

  it("that answers some rows otherwise is shown with where, and not judged where nothing was expected", async () => {
    const { project, traffic } = await serving();
    const { code, state, stderr } = await rollOut(
      project,
      ["--odd=5", "--good-first=30"],
      `--shadow 1s,400req ${QUICK}`,
    );
    expect(code, stderr).toBe(0);
    expect(state!.history.map(({ text }) => text)).toContain("v2 gets copies of 100 % of the requests");
    const view = (await project.run("rollout explain --json")).json() as RolloutStatus;
    const { shadow } = view;
    expect(shadow!.agreement.share).toBeGreaterThan(0.6);
    expect(shadow!.agreement.share).toBeLessThan(0.9);
    expect(shadow!.agreement.wanted).toBe(null);
    expect(shadow!.slices[0]).toMatchObject({ feature: "x", unequal: 1 });
    expect((await project.run("rollout explain")).stdout).toContain("copied rows answered alike");
    await traffic.stop();
    expect(traffic.seen.every(({ status }) => status === 200)).toBe(true);
    expect(traffic.lost).toBe(0);
  });
});

describe("a rollout", () => {
  it("does not blame the new version when the old one dies", async () => {
    const { project } = await serving();
    const rolling = rollOut(project, [], "--stage 50,3s,50req --bake 1s");
    await until(project, ({ phase, since_ms }) => phase === "step" && since_ms !== null);
    await project
      .app()
      .ask({ path: "/die", version: "v1" })
      .catch(() => undefined);
    const { code, stderr } = await rolling;
    expect(code, stderr).toBe(0);
  });

  it("takes nothing back while both fail alike", async () => {
    const faults = ["--fail=0.2", GOOD];
    const { project } = await serving(faults);
    const { python } = await project.candidate("b".repeat(64), faults);
    await project.run(`rollout bbbb --python ${python} --detach --stage 50,600s,10req`);
    await until(project, ({ epochs }) => epochs.some((epoch) => epoch.new.errors > 100 && epoch.old.errors > 100));
    const state = (await readRollout(project.app().dir))!;
    report("both fail alike", state);
    expect(state.phase).toBe("step");
    expect((await project.run("rollout abort")).code).toBe(0);
  });

  it("waits when requests stop midway, and goes on with them", async () => {
    const { project, traffic } = await serving();
    const { python } = await project.candidate("b".repeat(64));
    await project.run(`rollout bbbb --python ${python} --detach --stage 20,1s,20req --stage 50,2s,200req --bake 1s`);
    await until(project, ({ step, since_ms }) => step === 1 && since_ms !== null);
    await traffic.stop();
    await until(project, ({ verdict }) => /too few requests|no request/.test(verdict?.reason ?? ""));
    const again = await clients(project);
    report("requests stop midway", await until(project, ({ phase }) => phase === "promoted"));
    await again.stop();
    expect(again.lost).toBe(0);
  });

  it("is begun once of two times at once, and no third version comes between", async () => {
    const { project } = await serving();
    const { python } = await project.candidate("b".repeat(64));
    const line = `rollout bbbb --python ${python} --detach --stage 50,600s,10req`;
    const both = await Promise.all([project.run(line), project.run(line)]);
    expect(both.map(({ code }) => code === 0).sort()).toEqual([false, true]);
    const loser = both.find(({ code }) => code !== 0)!;
    expect(loser.stderr).toMatch(/another command is at work: iapp rollout|is being rolled out by/);
    const third = await project.candidate("c".repeat(64));
    const refused = await project.run(`rollout cccc --python ${third.python}`);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/v2 is being rolled out by .*|another command is at work/);
    expect((await project.run("rollout abort")).code).toBe(0);
  });

  it("is not led astray by a route that somebody edits", async () => {
    const { project, traffic } = await serving();
    const { python } = await project.candidate("b".repeat(64));
    await project.run(`rollout bbbb --python ${python} --detach --stage 20,3s,20req --bake 1s`);
    await until(project, ({ step, since_ms }) => step === 0 && since_ms !== null);
    const { route } = project.app().paths;
    const document = JSON.parse(await readFile(route, "utf8"));
    await writeFile(route, "{ broken");
    const versions = document.versions.map((one: { name: string }) => ({
      ...one,
      weight: one.name === "v2" ? 1000 : 0,
    }));
    await writeFile(route, JSON.stringify({ ...document, generation: document.generation + 50, versions }));
    await until(project, ({ phase }) => phase === "promoted");
    await traffic.stop();
    expect(traffic.lost).toBe(0);
    expect(traffic.seen.every(({ status }) => status === 200)).toBe(true);
  });

  it("does not count the time in which its router has not applied the weights", async () => {
    const { project } = await serving();
    const { python } = await project.candidate("b".repeat(64));
    await project.run(`rollout bbbb --python ${python} --detach --stage 10,1s,20req --stage 50,1s,20req --bake 1s`);
    await until(project, ({ phase }) => phase === "step");
    const { pid } = (await project.app().state()).observed.router!.process!;
    process.kill(pid, "SIGSTOP");
    try {
      // Whatever it was about to do stays undone: neither a step nor a verdict comes out of silence.
      const before = (await readRollout(project.app().dir))!;
      await new Promise((tick) => setTimeout(tick, 4000));
      const after = (await readRollout(project.app().dir))!;
      expect(after.step - before.step).toBeLessThanOrEqual(1);
      expect(["step", "bake"]).toContain(after.phase);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    report("router stands still", await until(project, ({ phase }) => phase === "promoted"));
  });

  it("is taken over from a driver that sleeps, wherever it fell asleep, and that one is ended", async () => {
    const { project, traffic } = await serving();
    const { python } = await project.candidate("b".repeat(64));
    await project.run(`rollout bbbb --python ${python} --detach --stage 20,600s,20req`);
    await until(project, ({ step, since_ms }) => step === 0 && since_ms !== null);
    const driver = (await readOwner(project.app().paths.operationLock))!;
    const { pid } = driver;
    process.kill(pid, "SIGSTOP");
    // Without the word it is only said who drives.
    const polite = await project.run("rollout resume");
    expect(polite.events.map(({ text }) => text).join("\n")).toMatch(
      /process \d+ on .*since .* drives it;.*--take-over/,
    );
    const stop = new AbortController();
    const taking = project.run("rollout resume --take-over", { signal: stop.signal });
    const taken = await until(
      project,
      ({ history, since_ms }) => history.some(({ text }) => text.includes("takes over")) && since_ms !== null,
    );
    expect(taken.history.find(({ text }) => text.includes("takes over"))!.text).toContain(`process ${pid} on`);
    expect(isSameProcess(driver)).toBe(false);
    expect((await readOwner(project.app().paths.operationLock))!.pid).toBe(process.pid);
    expect((await readRollout(project.app().dir))!).toMatchObject({ phase: "step", step: 0 });
    const aborted = await project.run("rollout abort --json");
    expect(aborted.code, aborted.stderr).toBe(0);
    expect((await taking).code).toBe(5);
    await traffic.stop();
    expect(traffic.lost).toBe(0);
  });
});
