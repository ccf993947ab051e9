import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ownProcess, type ProcessFile, writeProcessFile } from "../../../src/core/process-file.js";
import { appPaths } from "../../../src/local/paths.js";
import type { Probe } from "../../../src/local/probe.js";
import { prune } from "../../../src/local/prune.js";
import { DEFAULT_SETTINGS } from "../../../src/local/state.js";
import { Unit } from "../../../src/local/unit.js";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});
async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "iapp-unit-"));
  folders.push(folder);
  return folder;
}

/** A unit whose process is this very test process: it lives, and is never ended here. */
async function unit(answer: () => Probe): Promise<{ unit: Unit; said: string[] }> {
  const processFile = join(await temporary(), "u.json");
  const said: string[] = [];
  const launch = (): ProcessFile => {
    const file = { ...ownProcess("u", Date.now()), port: 1 };
    writeProcessFile(processFile, file);
    return file;
  };
  const made = new Unit({
    unit: "u",
    serial: 1,
    mark: "test/none",
    processFile,
    settings: { ...DEFAULT_SETTINGS, probe_ms: 0 },
    launch,
    check: async () => answer(),
    lastWords: () => [],
    say: (_level, message) => said.push(message),
  });
  return { unit: made, said };
}

const ok: Probe = { status: 200, body: "" };
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("a unit", () => {
  it("is ready when its process says so, unready after three bad answers, and still takes requests", async () => {
    let status: number | null = 503;
    const { unit: u } = await unit(() => ({ status, body: "" }));
    let now = Date.now();
    await u.start(now);
    const look = async (): Promise<void> => {
      now += 200;
      u.tick(now);
      await settle();
    };
    await look();
    expect(u.phase).toBe("starting");
    status = 200;
    await look();
    expect(u.phase).toBe("ready");
    status = 503;
    await look();
    await look();
    expect(u.phase).toBe("ready");
    await look();
    expect([u.phase, u.serving]).toEqual(["unready", true]);
    status = 200;
    await look();
    expect(u.phase).toBe("ready");
  });

  it("is not taken for hung when the machine has slept", async () => {
    const { unit: u, said } = await unit(() => ok);
    const start = Date.now();
    await u.start(start);
    u.tick(start);
    await settle();
    expect(u.phase).toBe("ready");
    u.tick(start + 3_600_000);
    await settle();
    expect(u.phase).toBe("ready");
    expect(said.join()).not.toContain("did not answer");
  });
});

describe("pruning", () => {
  it("keeps the logs of what runs and of the newest that have ended", async () => {
    const paths = appPaths(await temporary());
    await writeFile(join(paths.dir, "x"), "");
    const { mkdir } = await import("node:fs/promises");
    await mkdir(paths.logs);
    await mkdir(paths.run);
    for (let i = 1; i <= 12; i++) {
      for (const end of ["ndjson", "ndjson.1", "stderr"]) {
        const path = join(paths.logs, `scoring-v${i}-1.${end}`);
        await writeFile(path, "");
        await utimes(path, i, i);
      }
      await writeFile(join(paths.run, `scoring-v${i}-1.spec.json`), "");
    }
    await writeFile(join(paths.logs, "router.ndjson"), "");
    prune(paths, new Set(["scoring-v1-1"]));
    const left = new Set((await readdir(paths.logs)).map((name) => name.split(".")[0]));
    expect(left).toEqual(
      new Set(["router", "scoring-v1-1", ...[5, 6, 7, 8, 9, 10, 11, 12].map((i) => `scoring-v${i}-1`)]),
    );
    expect(await readdir(paths.run)).toEqual(["scoring-v1-1.spec.json"]);
  });
});
