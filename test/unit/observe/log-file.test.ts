import { appendFileSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { LogFile } from "../../../src/core/log-file.js";
import { LogSource } from "../../../src/observe/log-file.js";
import type { LogRecord } from "../../../src/observe/record.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "iapp-log-"));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const lines = (from: number, to: number): object[] =>
  Array.from({ length: to - from }, (_, i) => ({ t: from + i, message: `m${from + i}` }));
const numbers = (records: LogRecord[]): number[] => records.map(({ t }) => t);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const all = (): boolean => true;

describe("a rotated log", () => {
  it("keeps its size and number of files", async () => {
    const dir = await folder();
    const log = new LogFile(join(dir, "a.ndjson"), { maxBytes: 1000, keep: 3 });
    for (let i = 0; i < 500; i++) log.append(lines(i, i + 1));
    log.close();
    expect((await readdir(dir)).sort()).toEqual(["a.ndjson", "a.ndjson.1", "a.ndjson.2", "a.ndjson.3"]);
    for (const name of await readdir(dir)) expect((await stat(join(dir, name))).size).toBeLessThan(1100);
  });

  it("goes on where another process left off", async () => {
    const dir = await folder();
    const path = join(dir, "a.ndjson");
    for (const i of [0, 1, 2]) {
      const log = new LogFile(path, { maxBytes: 1_000_000 });
      log.append(lines(i, i + 1));
      log.close();
    }
    const source = new LogSource(path, { component: "x" });
    cleanups.push(() => source.close());
    expect(numbers(await source.recent(10, all))).toEqual([0, 1, 2]);
  });

  it("counts what it cannot write instead of failing", async () => {
    const dir = await folder();
    writeFileSync(join(dir, "file"), "");
    const log = new LogFile(join(dir, "file", "a.ndjson"));
    log.append(lines(0, 3));
    expect(log.lost).toBe(3);
  });
});

describe("following a log", () => {
  it("gives the last lines across files, then every later one once, through rotations", async () => {
    const dir = await folder();
    const path = join(dir, "a.ndjson");
    const log = new LogFile(path, { maxBytes: 400, keep: 4 });
    log.append(lines(0, 10));
    for (let i = 10; i < 40; i++) log.append(lines(i, i + 1));
    const source = new LogSource(path, { component: "x" });
    cleanups.push(() => source.close());
    expect(numbers(await source.recent(25, all))).toEqual(range(15, 40));
    const seen: number[] = [];
    for (let i = 40; i < 400; i++) {
      log.append(lines(i, i + 1));
      // Between two looks at most a few files are put aside.
      if (i % 17 === 0) seen.push(...numbers(await source.poll()));
    }
    seen.push(...numbers(await source.poll()));
    expect(seen).toEqual(range(40, 400));
    expect(source.gaps).toBe(0);
    log.close();
  });

  it("says when files vanished before they could be read", async () => {
    const dir = await folder();
    const path = join(dir, "a.ndjson");
    const log = new LogFile(path, { maxBytes: 100, keep: 4 });
    log.append(lines(0, 1));
    const source = new LogSource(path, { component: "x" });
    cleanups.push(() => source.close());
    await source.recent(10, all);
    for (let i = 1; i < 100; i++) log.append(lines(i, i + 1));
    const seen = numbers(await source.poll());
    expect(source.gaps).toBe(1);
    expect(seen.at(-1)).toBe(99);
    expect(new Set(seen).size).toBe(seen.length);
    log.close();
  });

  it("waits for the end of a line, also in the middle of a character", async () => {
    const dir = await folder();
    const path = join(dir, "a.ndjson");
    const bytes = Buffer.from(`${JSON.stringify({ t: 1, message: "größer" })}\n`);
    const source = new LogSource(path, { component: "x" });
    cleanups.push(() => source.close());
    expect(await source.recent(10, all)).toEqual([]);
    const cut = bytes.indexOf(0xc3) + 1;
    appendFileSync(path, bytes.subarray(0, cut));
    expect(await source.poll()).toEqual([]);
    appendFileSync(path, bytes.subarray(cut));
    expect((await source.poll()).map(({ message }) => message)).toEqual(["größer"]);
  });

  it("leaves an unfinished last line of the past for later", async () => {
    const dir = await folder();
    const path = join(dir, "a.ndjson");
    writeFileSync(path, '{"t":1,"message":"a"}\n{"t":2,"mess');
    const source = new LogSource(path, { component: "x" });
    cleanups.push(() => source.close());
    expect(numbers(await source.recent(10, all))).toEqual([1]);
    appendFileSync(path, 'age":"b"}\n');
    expect(numbers(await source.poll())).toEqual([2]);
  });

  it("finds enough that match, however far back", async () => {
    const dir = await folder();
    const path = join(dir, "a.ndjson");
    const log = new LogFile(path, { maxBytes: 2000, keep: 4 });
    for (let i = 0; i < 200; i++) log.append([{ t: i, message: i % 10 === 0 ? "rare" : "common" }]);
    log.close();
    const source = new LogSource(path, { component: "x" });
    cleanups.push(() => source.close());
    const found = await source.recent(5, ({ message }) => message === "rare");
    expect(numbers(found)).toEqual([150, 160, 170, 180, 190]);
  });
});
