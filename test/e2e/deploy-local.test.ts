import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isSameProcess } from "../../src/core/process.js";
import { livingProcesses } from "../../src/local/control.js";
import { buildEntry } from "../helpers/local-app.js";
import { LocalProject } from "../helpers/local-project.js";

let entry: Awaited<ReturnType<typeof buildEntry>>;
beforeAll(async () => {
  entry = await buildEntry();
});
afterAll(() => entry.remove());

const projects: [LocalProject, string[]][] = [];
afterEach(async () => {
  for (const [project, names] of projects.splice(0)) await project.dispose(names);
});

async function create(...names: string[]): Promise<LocalProject> {
  const project = await LocalProject.create(entry.path);
  projects.push([project, names.length > 0 ? names : ["demo"]]);
  return project;
}

const answer = async (project: LocalProject): Promise<string> =>
  JSON.parse((await project.app().ask({ path: "/" })).body).version;

describe("deploying on this machine", () => {
  it("starts the first version, asks it the example row and gives the URL", async () => {
    const project = await create();
    const result = await project.deploy(await project.candidate("a"));
    expect(result).toMatchObject({
      version: "v1",
      changed: true,
      replaced: null,
      example: { prediction: 6, version: "v1" },
    });
    expect(result.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await answer(project)).toBe("v1");
  });

  it("does nothing when this very bundle serves already", async () => {
    const project = await create();
    const candidate = await project.candidate("a");
    await project.deploy(candidate);
    const before = await project.app().state();
    const result = await project.deploy(candidate);
    expect(result).toMatchObject({ version: "v1", changed: false });
    const after = await project.app().state();
    expect({ ...after, observed: null }).toEqual({ ...before, observed: null });
  });

  it("replaces a version by the next one, in the other colour", async () => {
    const project = await create();
    const first = await project.deploy(await project.candidate("a"));
    const second = await project.deploy(await project.candidate("b"));
    expect(second).toMatchObject({ version: "v2", replaced: "v1", url: first.url });
    expect(await answer(project)).toBe("v2");
    const state = await project.app().state();
    expect(state.versions.map(({ color }) => color)).toEqual(["blue", "green"]);
    expect(state.desired.versions).toEqual([{ name: "v2", weight: 1000, serial: 1 }]);
    expect(Object.keys(state.observed.versions)).toEqual(["v2"]);
  });

  it("keeps the old version when the new one crashes, and shows its last words", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    const { pid } = JSON.parse((await project.app().ask({ path: "/" })).body);
    await expect(project.deploy(await project.candidate("b", ["--crash"]))).rejects.toMatchObject({
      code: "IAPP_DEPLOY_NOT_READY",
      message: "v2 ended with exit code 3",
      lines: expect.arrayContaining(["ValueError: the model cannot be read"]),
    });
    expect(JSON.parse((await project.app().ask({ path: "/" })).body).pid).toBe(pid);
    expect(Object.keys((await project.app().state()).observed.versions)).toEqual(["v1"]);
    expect((await project.app().state()).history.at(-1)).toMatchObject({ what: "failed", version: "v2" });
    // Its number is not used again.
    expect((await project.deploy(await project.candidate("c"))).version).toBe("v3");
  });

  it("never gives requests to a version that answers the example row otherwise", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    await expect(project.deploy(await project.candidate("b", [], 3))).rejects.toMatchObject({
      code: "IAPP_DEPLOY_EXAMPLE",
      message: "example row 1 is answered with 9, the notebook's answer is 6",
    });
    expect(await answer(project)).toBe("v1");
  });

  it("leaves nothing running when the first version fails", async () => {
    const project = await create();
    await expect(project.deploy(await project.candidate("a", ["--crash"]))).rejects.toThrow(/exit code 3/);
    const state = await project.app().state();
    expect(state.desired).toMatchObject({ running: false, versions: [] });
    expect(state.observed.supervisor).toBeNull();
    expect(await project.app().leftovers()).toEqual([]);
    expect((await project.deploy(await project.candidate("b"))).version).toBe("v2");
  });

  it("leaves nothing behind when training fails", async () => {
    const project = await create();
    const prepare = async (): Promise<never> => {
      throw new Error("no model");
    };
    await expect(project.deploy(await project.candidate("a"), { prepare })).rejects.toThrow("no model");
    expect(existsSync(join(project.layout.apps, "demo"))).toBe(false);
  });

  it("lets one of two win and tells the other who", async () => {
    const project = await create();
    const candidate = await project.candidate("a");
    const outcomes = await Promise.allSettled([project.deploy(candidate), project.deploy(candidate)]);
    const failed = outcomes.filter((o): o is PromiseRejectedResult => o.status === "rejected");
    expect(failed).toHaveLength(1);
    expect(failed[0]!.reason).toMatchObject({
      code: "IAPP_LOCK_TAKEN",
      message: expect.stringContaining(`iapp deploy demo.ipynb (process ${process.pid}`),
    });
    expect((await project.app().state()).versions).toHaveLength(1);
  });

  it("takes back what it began when it is interrupted", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    const abort = new AbortController();
    const slow = project.deploy(await project.candidate("b", ["--never-ready"]), { signal: abort.signal });
    await expect
      .poll(async () => (await project.app().state()).observed.versions.v2?.[0]?.process ?? null)
      .not.toBeNull();
    abort.abort();
    await expect(slow).rejects.toMatchObject({ code: "IAPP_CLI_INTERRUPTED" });
    const state = await project.app().state();
    expect(Object.keys(state.observed.versions)).toEqual(["v1"]);
    expect(await answer(project)).toBe("v1");
  });

  it("clears what a killed deployment left", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    const app = project.app();
    // As if the command line had been killed between the start and the switch.
    await app.addVersion("v2");
    await app.desire((state) => ({
      ...state,
      desired: { ...state.desired, versions: [...state.desired.versions, { name: "v2", weight: 0, serial: 1 }] },
    }));
    await app.wait((state) => state.observed.versions.v2?.[0]?.phase === "ready" || undefined);
    expect((await project.deploy(await project.candidate("c"))).version).toBe("v3");
    await app.wait(({ observed }) => (Object.keys(observed.versions).length === 1 ? true : undefined));
    expect(Object.keys((await app.state()).observed.versions)).toEqual(["v3"]);
  });

  it("uses the port that was asked for, keeps it, and names who has it", async () => {
    const project = await create("demo", "other");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const candidate = await project.candidate("a");
    await expect(project.deploy(candidate, { port })).rejects.toMatchObject({
      code: "IAPP_LOCAL_PORT_TAKEN",
      message: expect.stringMatching(new RegExp(`^port ${port} is used by .*\\(process ${process.pid}\\)$`)),
    });
    await new Promise((resolve) => server.close(resolve));
    expect((await project.deploy(candidate, { port })).url).toBe(`http://127.0.0.1:${port}`);
    const other = await project.deploy(await project.candidate("b"), { name: "other" });
    expect(other.url).not.toBe(`http://127.0.0.1:${port}`);
    for (const wrong of ["0", "65536", "x", "80.5"]) {
      expect(await project.run(`restart demo --port ${wrong}`)).toMatchObject({ code: 2 });
    }
    expect(await project.run(`restart other --port ${port}`)).toMatchObject({ code: 1 });
    expect((await project.app("other").state()).port.number).not.toBe(port);
  });

  it("moves on, and says so, when its port was taken while it was stopped", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    const { port } = await project.app().state();
    expect((await project.run("stop")).code).toBe(0);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port.number, "127.0.0.1", resolve));
    try {
      const restarted = await project.run("restart --json");
      expect(restarted.code, restarted.stderr).toBe(0);
      expect(restarted.stderr).toContain(`port ${port.number} is used by`);
      expect((await project.app().state()).port.number).not.toBe(port.number);
      expect(await answer(project)).toBe("v1");
    } finally {
      server.close();
    }
  });
});

describe("managing what is deployed", () => {
  it("shows how it is", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    await project.app().ask();
    const { code, json } = await project.run("status demo --json");
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      schema: "iapp.status/1",
      name: "demo",
      phase: "ready",
      versions: [{ name: "v1", color: "blue", weight: 1000, phase: "ready", restarts: 0, digest: "a" }],
      router: { phase: "ready" },
    });
    const text = await project.run("status");
    expect(text.stdout).toMatch(/^demo {2}ready {2}http:/);
    expect(text.stdout).toMatch(/v1 +blue +100 % +ready/);
  });

  it("stops, is idempotent, starts again on the same port", async () => {
    const project = await create();
    const { url } = await project.deploy(await project.candidate("a"));
    expect((await project.run("stop")).stdout).toContain("demo is stopped");
    expect(await project.app().leftovers()).toEqual([]);
    expect((await project.run("stop")).stdout).toContain("does not run");
    expect((await project.run("status")).stdout).toMatch(/^demo {2}stopped/);
    const predict = await project.run("predict --example");
    expect(predict).toMatchObject({ code: 1, stderr: expect.stringContaining("iapp restart demo") });
    expect((await project.run("restart")).stdout).toContain(`demo v1 is running: ${url}`);
    expect(await answer(project)).toBe("v1");
  });

  it("restarts with another process and the same version", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    const pid = async (): Promise<number> => JSON.parse((await project.app().ask({ path: "/" })).body).pid;
    const before = await pid();
    expect((await project.run("restart")).stdout).toContain("was started anew");
    expect(await pid()).not.toBe(before);
    expect((await project.app().state()).versions).toHaveLength(1);
  });

  it("keeps the old process when a restart fails", async () => {
    const project = await create();
    const candidate = await project.candidate("a");
    await project.deploy(candidate);
    const pid = async (): Promise<number> => JSON.parse((await project.app().ask({ path: "/" })).body).pid;
    const before = await pid();
    const python = await readFile(candidate.python, "utf8");
    await writeFile(candidate.python, `#!${process.execPath}\nconsole.error("no such module"); process.exit(9);\n`);
    const failed = await project.run("restart");
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("no such module") });
    expect(await pid()).toBe(before);
    await writeFile(candidate.python, python);
    expect((await project.run("restart")).code).toBe(0);
  });

  it("finds everything again after kill -9 of the supervisor", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    const app = project.app();
    const { supervisor } = (await app.state()).observed;
    process.kill(supervisor!.pid, "SIGKILL");
    await expect.poll(() => isSameProcess(supervisor!)).toBe(false);
    const status = await project.run("status");
    expect(status.stderr).toContain("a new one takes over");
    await app.wait(({ observed }) => (observed.supervisor?.pid !== supervisor!.pid ? true : undefined));
    expect((await project.run("predict --example --json")).code).toBe(0);
    expect((await project.run("stop")).code).toBe(0);
    expect(await app.leftovers()).toEqual([]);
  });

  it("stops although the supervisor was killed", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a", ["--ignore-sigterm", "--fork"]));
    const app = project.app();
    process.kill((await app.state()).observed.supervisor!.pid, "SIGKILL");
    // Patience that no test has.
    const { updateState } = await import("../../src/local/state.js");
    await updateState(app.dir, (state) => ({ ...state!, settings: { ...state!.settings, grace_ms: 500 } }));
    expect((await project.run("stop")).code).toBe(0);
    expect(livingProcesses(await app.state())).toEqual([]);
    expect(await app.leftovers()).toEqual([]);
  });

  it("says what is wrong when everything is gone", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    const { observed } = await project.app().state();
    const unit = observed.versions.v1![0]!;
    for (const { pid } of [observed.supervisor!, observed.router!.process!, unit.process!])
      process.kill(pid, "SIGKILL");
    for (const pid of await project.app().leftovers()) process.kill(pid, "SIGKILL");
    await expect.poll(async () => livingProcesses(await project.app().state()).length).toBe(0);
    const status = await project.run("status");
    expect(status).toMatchObject({ code: 1, stdout: expect.stringContaining("iapp restart") });
    expect((await project.run("predict --example")).stderr).toContain("does not run");
    expect((await project.run("restart")).code).toBe(0);
    expect(await answer(project)).toBe("v1");
  });

  it("deletes after asking, lists what it removed, and leaves no process and no file", async () => {
    const project = await create("demo", "other");
    await project.deploy(await project.candidate("a"));
    await project.deploy(await project.candidate("shared"));
    await project.deploy(await project.candidate("shared"), { name: "other" });
    const app = project.app();
    const { port, observed } = await app.state();
    const dry = await project.run("delete demo --dry-run");
    expect(dry.stdout).toContain("would remove .iapp/apps/demo");
    expect(existsSync(app.dir)).toBe(true);
    expect((await project.run("delete demo")).stderr).toContain("--yes");
    expect((await project.run("delete demo", { answers: { "--yes": false } })).code).toBe(3);
    const done = await project.run("delete demo --yes");
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toContain("removed .iapp/apps/demo");
    expect(done.stdout).toContain("removed .iapp/bundles/a");
    expect(done.stdout).toMatch(/keep \.iapp\/bundles\/shared +\(another app uses it\)/);
    expect(existsSync(app.dir)).toBe(false);
    expect(existsSync(join(project.layout.bundles, "a"))).toBe(false);
    expect(existsSync(join(project.layout.runs, "a"))).toBe(false);
    expect(existsSync(join(project.layout.bundles, "shared"))).toBe(true);
    expect(isSameProcess(observed.supervisor!)).toBe(false);
    expect(isSameProcess(observed.router!.process!)).toBe(false);
    const { isPortFree } = await import("../../src/local/ports.js");
    expect(await isPortFree(port.number)).toBe(true);
    expect((await project.run("delete demo --yes")).stderr).toContain("no app demo");
  });

  it("says what there is when a name is wrong or missing", async () => {
    const project = await create("demo", "other");
    expect(await project.run("status")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("iapp deploy NOTEBOOK"),
    });
    await project.deploy(await project.candidate("a"));
    expect((await project.run("stop demmo")).stderr).toContain("Did you mean demo?");
    await project.deploy(await project.candidate("b"), { name: "other" });
    expect((await project.run("stop")).stderr).toContain("demo, other");
    const list = (await project.run("status --json")).json() as { apps: { name: string }[] };
    expect(list.apps.map(({ name }) => name)).toEqual(["demo", "other"]);
  });

  it("keeps to the person's own folder when that folder moves away", async () => {
    const project = await create();
    await project.deploy(await project.candidate("a"));
    const { supervisor } = (await project.app().state()).observed;
    await rm(project.app().paths.state);
    await expect.poll(() => isSameProcess(supervisor!), { timeout: 20_000 }).toBe(false);
  });
});
