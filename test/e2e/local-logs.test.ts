import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { updateState } from "../../src/local/state.js";
import { buildEntry } from "../helpers/local-app.js";
import { LocalProject } from "../helpers/local-project.js";
import type { Outcome } from "../helpers/run-iapp.js";

let entry: Awaited<ReturnType<typeof buildEntry>>;
beforeAll(async () => {
  entry = await buildEntry();
});
afterAll(() => entry.remove());

const projects: LocalProject[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.dispose();
});

async function serving(...switches: string[]): Promise<LocalProject> {
  const project = await LocalProject.create(entry.path);
  projects.push(project);
  await project.deploy(await project.candidate("a", switches));
  return project;
}

interface Line {
  time: string;
  component: string;
  version?: string;
  level: string;
  message: string;
  request?: string;
}
const linesOf = ({ stdout }: Outcome): Line[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

describe("logs", () => {
  it("shows every component in the order of their times", async () => {
    const project = await serving("--chatty");
    await project.app().ask({ path: "/predict" });
    let lines: Line[] = [];
    await expect
      .poll(async () => {
        lines = linesOf(await project.run("logs --json --tail all"));
        return lines.some(({ message }) => message.startsWith("GET /predict 200"));
      })
      .toBe(true);
    expect(new Set(lines.map(({ component }) => component))).toEqual(
      new Set(["training", "scoring", "router", "supervisor"]),
    );
    expect(lines.map(({ time }) => time)).toEqual(lines.map(({ time }) => time).sort());
    const position = (text: string): number => lines.findIndex(({ message }) => message.includes(text));
    expect(position("trained a")).toBeGreaterThanOrEqual(0);
    expect(position("trained a")).toBeLessThan(position("start 1 of v1"));
    expect(position("start 1 of v1")).toBeLessThan(position("scoring-v1-1 is ready"));
    expect(position("line 1 of v1")).toBeGreaterThan(position("scoring-v1-1 is ready"));
    const text = await project.run("logs --component scoring --tail 1000");
    expect(text.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} scoring v1 blue +start 1 of v1$/m);
  });

  it("filters by component, version, level, pattern, request, time and number", async () => {
    const project = await serving();
    await project.app().ask({ version: "v9" });
    const id = async (): Promise<Line | undefined> =>
      linesOf(await project.run("logs --json --grep 404")).find(({ request }) => request !== undefined);
    await expect.poll(id).toBeDefined();
    const { request } = (await id())!;
    const messages = async (line: string): Promise<string[]> =>
      linesOf(await project.run(`logs --json ${line}`)).map(({ message }) => message);
    expect(await messages(`--request ${request}`)).toEqual([expect.stringContaining("GET /predict 404")]);
    expect(await messages("--level warn --component router")).toEqual([expect.stringContaining("404")]);
    expect(await messages("--component training --version v1")).toEqual(["trained a"]);
    expect(await messages("--version v2")).toEqual([]);
    expect(await messages("--since 2099-01-01")).toEqual([]);
    expect((await messages("--since 1h --tail 2")).length).toBe(2);
    for (const wrong of ["--component web", "--since soon", "--grep (", "--tail x", "--window -1"]) {
      expect(await project.run(`logs ${wrong}`), wrong).toMatchObject({ code: 2 });
    }
  });

  it("follows through rotations and new versions, losing and repeating nothing", async () => {
    const project = await serving("--chatty");
    const app = project.app();
    // Small files, for what starts from now on.
    await updateState(app.dir, (state) => ({ ...state!, settings: { ...state!.settings, log_bytes: 20_000 } }));
    await project.run("restart");
    const abort = new AbortController();
    const following = project.run("logs -f --json --tail 0 --window 0.2 --component scoring", { signal: abort.signal });
    await new Promise((done) => setTimeout(done, 500));
    const ask = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 20) {
        await Promise.all(Array.from({ length: Math.min(20, count - i) }, () => app.ask({ path: "/x" })));
      }
    };
    await ask(900);
    await project.deploy(await project.candidate("b", ["--chatty"]));
    await ask(100);
    await new Promise((done) => setTimeout(done, 1000));
    abort.abort();
    const outcome = await following;
    expect(outcome.code).toBe(130);
    const numbers = (version: string): number[] =>
      linesOf(outcome).flatMap(({ message }) => {
        const match = /^line (\d+) of (v\d)$/.exec(message);
        return match?.[2] === version ? [Number(match[1])] : [];
      });
    expect(existsSync(`${app.paths.logs}/scoring-v1-2.ndjson.2`)).toBe(true);
    expect(numbers("v1")).toEqual(Array.from({ length: 900 }, (_, i) => i + 1));
    // And the deployment's own two questions.
    expect(numbers("v2")).toEqual(Array.from({ length: 102 }, (_, i) => i + 1));
    expect(outcome.events.filter(({ code }) => code === "logs.gap")).toEqual([]);
  });

  it("tells the crash of an earlier process too", async () => {
    const project = await serving();
    const pid = JSON.parse((await project.app().ask({ path: "/" })).body).pid;
    process.kill(pid, "SIGKILL");
    await project.app().wait((state) => state.observed.versions.v1?.[0]?.restarts === 1 || undefined);
    const lines = linesOf(await project.run("logs --json --level error"));
    expect(lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining(["the process ended by SIGKILL", expect.stringMatching(/^scoring-v1-1 was killed/)]),
    );
  });

  const bin = resolve(import.meta.dirname, "../../bin/iapp.js");
  it.runIf(existsSync(resolve(bin, "../../dist/cli.js")))("ends well when its reader has seen enough", async () => {
    const project = await serving("--chatty");
    for (let i = 0; i < 50; i++) await project.app().ask({ path: "/x" });
    const script = `"$0" "$1" logs -f --tail all; echo "exit $?" >&2`;
    const child = spawn("/bin/sh", ["-c", `( ${script} ) | head -n 3`, process.execPath, bin], { cwd: project.root });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    // The pipe is found broken at the next line.
    const timer = setInterval(() => void project.app().ask({ path: "/x" }), 200);
    await new Promise((done) => child.on("close", done));
    clearInterval(timer);
    expect(out.trim().split("\n")).toHaveLength(3);
    expect(err).toContain("exit 0");
  });
});
