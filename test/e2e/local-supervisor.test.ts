import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isSameProcess } from "../../src/core/process.js";
import { readProcessFile } from "../../src/core/process-file.js";
import { livingProcesses } from "../../src/local/control.js";
import { processFileOf } from "../../src/local/paths.js";
import { LocalPlatform, newest } from "../../src/local/platform.js";
import type { AppState, Settings, UnitStatus } from "../../src/local/state.js";
import { buildEntry, LocalApp } from "../helpers/local-app.js";

let entry: Awaited<ReturnType<typeof buildEntry>>;
beforeAll(async () => {
  entry = await buildEntry();
});
afterAll(() => entry.remove());

const apps: LocalApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.dispose();
});

async function create(settings: Partial<Settings> = {}): Promise<LocalApp> {
  const app = await LocalApp.create(entry.path, settings);
  apps.push(app);
  return app;
}

/** Starts a version and waits until the router sends requests to it. */
async function up(app: LocalApp, name = "v1"): Promise<UnitStatus> {
  expect(await new LocalPlatform(app.handle).start(name)).toMatchObject({ ready: true });
  await app.wait((state) => (routed(state) ? true : undefined));
  return newest(await app.state(), name)!;
}

const routed = ({ observed, generation }: AppState): boolean =>
  observed.router?.phase === "ready" &&
  observed.generation === generation &&
  // Applied with the processes that are ready by now, and not only with their names.
  observed.route.applied === observed.route.generation;

const answer = async (app: LocalApp): Promise<{ pid: number; start: number; version: string }> => {
  const { status, body } = await app.ask();
  expect(status, body).toBe(200);
  return JSON.parse(body);
};

async function stopped(app: LocalApp): Promise<void> {
  await app.desire((state) => ({ ...state, desired: { ...state.desired, running: false } }));
  await app.wait(({ observed }) => (observed.supervisor === null ? true : undefined));
}

describe("the supervisor", () => {
  it("starts scoring and router, answers, stops, and leaves no process", async () => {
    const app = await create();
    await app.addVersion("v1");
    await up(app);
    expect(await answer(app)).toMatchObject({ version: "v1", start: 1 });
    await stopped(app);
    expect(livingProcesses(await app.state())).toEqual([]);
    await expect.poll(() => app.leftovers()).toEqual([]);
    await expect(app.ask()).rejects.toThrow(/ECONNREFUSED/);
  });

  it("starts a killed scoring process again", async () => {
    const app = await create();
    await app.addVersion("v1");
    await up(app);
    const before = await answer(app);
    process.kill(before.pid, "SIGKILL");
    await app.wait(
      (state) => (newest(state, "v1")?.restarts === 1 && newest(state, "v1")?.phase === "ready") || undefined,
    );
    await expect.poll(async () => (await app.ask()).status).toBe(200);
    expect((await answer(app)).start).toBe(2);
    expect(newest(await app.state(), "v1")?.problem?.text).toMatch(/killed/);
  });

  it("starts a killed keeper's program again, without leaving the old one", async () => {
    const app = await create();
    await app.addVersion("v1", "--ignore-sigterm");
    const unit = await up(app);
    const before = await answer(app);
    process.kill(unit.process!.pid, "SIGKILL");
    await app.wait(
      (state) => (newest(state, "v1")?.restarts === 1 && newest(state, "v1")?.phase === "ready") || undefined,
    );
    expect((await answer(app)).start).toBe(2);
    expect(isSameProcess({ pid: before.pid, start: null })).toBe(false);
  });

  it("starts a killed router again on its port", async () => {
    const app = await create();
    await app.addVersion("v1");
    await up(app);
    process.kill((await app.state()).observed.router!.process!.pid, "SIGKILL");
    await app.wait(
      ({ observed }) => (observed.router?.restarts === 1 && observed.router.phase === "ready") || undefined,
    );
    expect((await answer(app)).start).toBe(1);
  });

  it("is replaced after kill -9 by one that adopts what runs, and nothing is interrupted", async () => {
    const app = await create();
    await app.addVersion("v1");
    const unit = await up(app);
    const { observed } = await app.state();
    const before = await answer(app);
    process.kill(observed.supervisor!.pid, "SIGKILL");
    await expect.poll(() => isSameProcess(observed.supervisor!)).toBe(false);
    expect((await answer(app)).pid).toBe(before.pid);
    await app.desire((state) => state);
    await app.wait(
      (state) => (state.observed.supervisor?.pid !== observed.supervisor!.pid && routed(state)) || undefined,
    );
    const after = await app.state();
    expect(newest(after, "v1")?.process).toEqual(unit.process);
    expect(after.observed.router?.process).toEqual(observed.router?.process);
    expect((await answer(app)).pid).toBe(before.pid);
    // And it looks after what it adopted.
    process.kill(before.pid, "SIGKILL");
    await app.wait(
      (state) => (newest(state, "v1")?.restarts === 1 && newest(state, "v1")?.phase === "ready") || undefined,
    );
    await stopped(app);
    expect(await app.leftovers()).toEqual([]);
  });

  it("notices on adoption what died while nobody looked", async () => {
    const app = await create();
    await app.addVersion("v1");
    await up(app);
    const { observed } = await app.state();
    const before = await answer(app);
    for (const pid of [observed.supervisor!.pid, before.pid, observed.router!.process!.pid])
      process.kill(pid, "SIGKILL");
    await expect.poll(() => isSameProcess(observed.supervisor!)).toBe(false);
    await app.desire((state) => state);
    await app.wait(
      (state) => (state.observed.supervisor?.pid !== observed.supervisor!.pid && routed(state)) || undefined,
    );
    await expect.poll(async () => (await app.ask().catch(() => null))?.status).toBe(200);
    expect((await answer(app)).start).toBe(2);
  });

  it("gives up a crash loop with the reason, and tries again when told", async () => {
    const app = await create();
    await app.addVersion("v1", "--crash-starts=3");
    const outcome = await new LocalPlatform(app.handle).start("v1");
    expect(outcome).toMatchObject({ ready: false, failure: { version: "v1", reason: "ended with exit code 3" } });
    expect((outcome as { failure: { lines: string[] } }).failure.lines).toContain(
      "ValueError: the model cannot be read",
    );
    await app.wait((state) => newest(state, "v1")?.phase === "crash-loop" || undefined);
    expect((await app.ask()).status).toBe(503);
    // A new supervisor does not try again by itself.
    const { observed } = await app.state();
    process.kill(observed.supervisor!.pid, "SIGKILL");
    await expect.poll(() => isSameProcess(observed.supervisor!)).toBe(false);
    await app.desire((state) => state);
    await app.wait(
      (state) => (state.observed.supervisor?.pid !== observed.supervisor!.pid && routed(state)) || undefined,
    );
    expect(newest(await app.state(), "v1")?.phase).toBe("crash-loop");
    await up(app);
    expect((await answer(app)).start).toBe(4);
  });

  it("restarts what hangs", async () => {
    const app = await create({ hung_ms: 2000 });
    await app.addVersion("v1");
    await up(app);
    const { pid } = await answer(app);
    process.kill(pid, "SIGSTOP");
    await app.wait((state) => newest(state, "v1")?.problem?.code === "hung" || undefined);
    await app.wait((state) => newest(state, "v1")?.phase === "ready" || undefined);
  });

  it("ends what is not ready in time", async () => {
    // Nothing else runs here: a version that is meant to come up could miss so short a time on a busy machine.
    const app = await create({ ready_ms: 1500 });
    await app.addVersion("v1", "--never-ready");
    expect(await new LocalPlatform(app.handle).start("v1")).toMatchObject({
      ready: false,
      failure: { reason: "was not ready within 1.5 s" },
    });
  });

  it("ends children that ignore SIGTERM and such that left the group", async () => {
    const app = await create();
    await app.addVersion("v1", "--ignore-sigterm", "--fork");
    await up(app);
    expect((await app.leftovers()).length).toBeGreaterThanOrEqual(4);
    await stopped(app);
    expect(await app.leftovers()).toEqual([]);
  });

  it("stops everything on SIGTERM and keeps what is wanted", async () => {
    const app = await create();
    await app.addVersion("v1");
    await up(app);
    const { supervisor } = (await app.state()).observed;
    process.kill(supervisor!.pid, "SIGTERM");
    await expect.poll(() => isSameProcess(supervisor!), { timeout: 10_000 }).toBe(false);
    expect(await app.leftovers()).toEqual([]);
    expect((await app.state()).desired.running).toBe(true);
    await expect(app.ask()).rejects.toThrow(/ECONNREFUSED/);
  });

  it("says who has the port", async () => {
    const app = await create();
    await app.addVersion("v1");
    const { port } = await app.state();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port.number, "127.0.0.1", resolve));
    try {
      await new LocalPlatform(app.handle).start("v1");
      const problem = await app.wait(({ observed }) => observed.router?.problem ?? undefined);
      expect(problem).toMatchObject({ code: "port", text: "its port is taken" });
      expect(problem.lines.join("\n")).toContain(`(process ${process.pid})`);
    } finally {
      other.close();
    }
    await app.desire((state) => ({ ...state, desired: { ...state.desired, router: 2 } }));
    await app.wait((state) => routed(state) || undefined);
    expect((await answer(app)).version).toBe("v1");
  });

  it("never runs twice", async () => {
    const app = await create();
    await app.addVersion("v1");
    await up(app);
    const { supervisor } = (await app.state()).observed;
    const { launchSupervisor } = await import("../../src/local/launch.js");
    launchSupervisor(app.paths, app.handle.own, { ...process.env } as Record<string, string>);
    const second = readProcessFile(processFileOf(app.paths, "supervisor"))!;
    expect(second.pid).not.toBe(supervisor!.pid);
    process.kill(second.pid, "SIGTERM");
    await expect.poll(() => isSameProcess(second)).toBe(false);
    expect((await app.state()).observed.supervisor).toEqual(supervisor);
    expect((await answer(app)).start).toBe(1);
  });

  it("ends everything when its folder is removed", async () => {
    const app = await create();
    await app.addVersion("v1");
    await up(app);
    const { pid } = await answer(app);
    const { supervisor, router } = (await app.state()).observed;
    const { rename } = await import("node:fs/promises");
    await rename(app.paths.state, join(app.dir, "gone.json"));
    await expect.poll(() => isSameProcess(supervisor!), { timeout: 15_000 }).toBe(false);
    expect(isSameProcess({ pid, start: null })).toBe(false);
    expect(isSameProcess(router!.process!)).toBe(false);
    await rename(join(app.dir, "gone.json"), app.paths.state);
    expect(existsSync(app.paths.state)).toBe(true);
    await writeFile(join(app.dir, "note"), "");
  });
});

describe("a new version on this machine", () => {
  it("comes up beside the old one, takes over and loses none of 1000 requests", async () => {
    const app = await create();
    await app.addVersion("v1", "--delay=10");
    await app.addVersion("v2", "--delay=10", "--slow-ready=200");
    await up(app);
    const { port } = await app.state();
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const one = (i: number): Promise<{ status: number; body: string }> =>
      new Promise((resolve, reject) => {
        const req = request({ host: port.host, port: port.number, method: "POST", path: "/predict", agent }, (res) => {
          let body = "";
          res.on("data", (chunk) => {
            body += chunk;
          });
          res.on("end", () => resolve({ status: res.statusCode!, body }));
          res.on("error", reject);
        });
        req.on("error", reject);
        req.end(String(i));
      });
    let done = false;
    const seen: { i: number; status: number; body: string }[] = [];
    const worker = async (): Promise<void> => {
      while (!done || seen.length < 1000) {
        const i = seen.length;
        seen.push({ i, ...(await one(i)) });
      }
    };
    const workers = Array.from({ length: 50 }, worker);
    const platform = new LocalPlatform(app.handle);
    expect(await platform.start("v2")).toMatchObject({ ready: true });
    expect((await platform.view()).map(({ name, weight }) => [name, weight])).toEqual([
      ["v1", 1000],
      ["v2", 0],
    ]);
    await app.wait((state) => routed(state) || undefined);
    expect(JSON.parse((await app.ask({ version: "v2" })).body).version).toBe("v2");
    await platform.weights(new Map([["v2", 1000]]));
    expect((await answer(app)).version).toBe("v2");
    await platform.retire("v1");
    done = true;
    await Promise.all(workers);
    agent.destroy();
    expect(seen.length).toBeGreaterThanOrEqual(1000);
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    const versions = new Set(seen.map(({ body }) => JSON.parse(body).version));
    expect(versions).toEqual(new Set(["v1", "v2"]));
    expect((await app.ask({ version: "v1" })).status).toBe(404);
  });

  it("that fails leaves the old one serving", async () => {
    const app = await create();
    await app.addVersion("v1");
    await app.addVersion("v2", "--crash");
    await up(app);
    const platform = new LocalPlatform(app.handle);
    expect(await platform.start("v2")).toMatchObject({ ready: false });
    await platform.retire("v2");
    expect((await answer(app)).version).toBe("v1");
    expect((await app.state()).desired.versions.map(({ name }) => name)).toEqual(["v1"]);
  });

  it("waits for a long request before the old one goes", async () => {
    const app = await create();
    await app.addVersion("v1", "--delay=1500");
    await app.addVersion("v2");
    await up(app);
    const long = app.ask();
    const platform = new LocalPlatform(app.handle);
    await platform.start("v2");
    await platform.weights(new Map([["v2", 1000]]));
    await platform.retire("v1");
    expect(JSON.parse((await long).body).version).toBe("v1");
  });

  it("replaces a process of the same version without a gap", async () => {
    const app = await create();
    await app.addVersion("v1");
    await up(app);
    const first = await answer(app);
    let failed = 0;
    let done = false;
    const asking = (async () => {
      while (!done) if ((await app.ask()).status !== 200) failed += 1;
    })();
    await up(app);
    await app.wait(({ observed }) => (observed.versions.v1?.length === 1 ? true : undefined));
    done = true;
    await asking;
    expect(failed).toBe(0);
    expect((await answer(app)).pid).not.toBe(first.pid);
  });
});
