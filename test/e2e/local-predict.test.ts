import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildEntry } from "../helpers/local-app.js";
import { LocalProject } from "../helpers/local-project.js";

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

describe("predict", () => {
  it("answers a stored real row", async () => {
    const project = await serving();
    const text = await project.run("predict --example --proba");
    expect(text.code, text.stderr).toBe(0);
    expect(text.stdout).toMatch(/x {5}3\n[\s\S]*prediction {2}6[\s\S]*yes: 0.75[\s\S]*own answer: 6/);
    expect((await project.run("predict demo --example --json")).json()).toMatchObject({
      schema: "iapp.predict/1",
      rows: [{ x: 3 }],
      predictions: [6],
      expected: [6],
      version: "v1",
    });
    const request = await project.run("predict --example --print-request");
    expect(JSON.parse(request.stdout)).toEqual({ rows: [{ x: 3, note: "three" }] });
  });

  it("writes CSV back as it stood with the prediction behind it, batch by batch", async () => {
    const project = await serving();
    const rows = Array.from({ length: 2500 }, (_, i) => `row ${i},${i}`);
    await writeFile(join(project.root, "in.csv"), `note,x\r\n${rows.join("\r\n")}\r\n`);
    const { code, stderr, stdout } = await project.run("predict -i in.csv -o out.csv --batch-size 700");
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("2500 rows answered by v1");
    const lines = (await readFile(join(project.root, "out.csv"), "utf8")).trim().split("\n");
    expect(lines[0]).toBe("note,x,prediction");
    expect(lines.slice(1)).toEqual(rows.map((row, i) => `${row},${2 * i}`));
    expect(project.events).toBeDefined();
  });

  it.each([
    [
      "predict -i -",
      '{"x": 1}\n{"x": 2, "big": 12345678901234567890}\n',
      '{"x": 1,"prediction":2}\n{"x": 2, "big": 12345678901234567890,"prediction":4}\n',
    ],
    ["predict", '[{"x": 1}, {"x": 2}]', '[\n{"x": 1,"prediction":2},\n{"x": 2,"prediction":4}\n]\n'],
    ["predict", '{"rows": [{"x": 1}]}', '[\n{"x": 1,"prediction":2}\n]\n'],
    ["predict", '{"x": 5}', '{"x": 5,"prediction":10}\n'],
    ["predict", "x,prediction\n1,old\n", "x,prediction,iapp_prediction\n1,old,2\n"],
    [
      "predict --format ndjson --batch-size 1",
      '{"x": 1}\n{"x": 2}',
      '{"x": 1,"prediction":2}\n{"x": 2,"prediction":4}\n',
    ],
  ])("%s of %j", async (line, stdin, expected) => {
    const project = await serving();
    const { code, stdout, stderr } = await project.run(line, { stdin });
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(expected);
  });

  it("sends fewer rows at once when the service wants that, and waits while it is busy", async () => {
    const project = await serving("--max-rows=3", "--busy=2");
    const stdin = Array.from({ length: 10 }, (_, i) => `{"x": ${i}}`).join("\n");
    const { code, stdout, stderr } = await project.run("predict", { stdin });
    expect(code, stderr).toBe(0);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).prediction),
    ).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  });

  it("names the row and the field that are not accepted, and leaves no half-written file", async () => {
    const project = await serving();
    const rows = Array.from({ length: 30 }, (_, i) => (i === 24 ? "oops" : String(i)));
    await writeFile(join(project.root, "in.csv"), `x\n${rows.join("\n")}\n`);
    const { code, stderr } = await project.run("predict -i in.csv -o out.csv --batch-size 10");
    expect(code).toBe(2);
    expect(stderr).toContain("line 26, x");
    expect(stderr).toContain("has the wrong type");
    expect(existsSync(join(project.root, "out.csv"))).toBe(false);
    expect(existsSync(join(project.root, "out.csv.part"))).toBe(false);
  });

  it.each([
    ["predict", 2, "Give --example, -i FILE"],
    ["predict -i missing.csv", 1, "missing.csv cannot be read"],
    ["predict --example -i x.csv", 2, "exclude each other"],
    ["predict --example --version v9", 2, "has no version v9"],
    ["predict -i in.parquet", 2, "Give -o FILE"],
    ["predict --batch-size 0 -i x.csv", 2, "whole number"],
  ])("%s fails in words", async (line, code, words) => {
    const project = await serving();
    const outcome = await project.run(line);
    expect(outcome.stderr).toContain(words);
    expect(outcome.code).toBe(code);
  });

  it("says that an empty input holds no row", async () => {
    const project = await serving();
    for (const stdin of ["", "x\n", "[]"]) {
      expect(await project.run("predict", { stdin })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("no row"),
      });
    }
  });
});

const python = process.env.IAPP_TEST_PYTHON ?? "python3";
const hasPyarrow = (() => {
  try {
    execFileSync(python, ["-c", "import pyarrow"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe("predict with Parquet", () => {
  /** The interpreter of the fake version serves, and runs Python for everything else. */
  async function withPython(interpreter: string): Promise<LocalProject> {
    const project = await LocalProject.create(entry.path);
    projects.push(project);
    const candidate = await project.candidate("a");
    const fake = `${candidate.python}.mjs`;
    await writeFile(fake, (await readFile(candidate.python, "utf8")).replace(/^#!.*\n/, ""));
    await writeFile(
      candidate.python,
      `#!/bin/sh\ncase "$2" in iapp_runtime.score) exec ${process.execPath} ${fake} "$@";; *) exec ${interpreter} "$@";; esac\n`,
    );
    await chmod(candidate.python, 0o755);
    await project.deploy(candidate);
    return project;
  }

  it.runIf(hasPyarrow)("reads and writes it with the service's own interpreter", async () => {
    const project = await withPython(python);
    const make = `
import pyarrow as pa, pyarrow.parquet as pq, datetime
n = 5000
pq.write_table(pa.table({"x": list(range(n)), "when": [datetime.date(2026, 1, 1)] * n, "big": [2**62] * n}), "in.parquet")`;
    execFileSync(python, ["-c", make], { cwd: project.root });
    const { code, stderr } = await project.run("predict -i in.parquet -o out.parquet");
    expect(code, stderr).toBe(0);
    const look = `
import pyarrow.parquet as pq
t = pq.read_table("out.parquet")
assert t.num_rows == 5000, t.num_rows
assert t["prediction"].to_pylist() == [2.0 * i for i in range(5000)]
print(t.schema.field("prediction").type, t.schema.field("when").type, t["big"][0])`;
    const out = execFileSync(python, ["-c", look], { cwd: project.root, encoding: "utf8" });
    expect(out.trim()).toBe(`double date32[day] ${2n ** 62n}`);
    await writeFile(join(project.root, "bad.parquet"), "no parquet");
    expect(await project.run("predict -i bad.parquet -o x.parquet")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the Parquet file cannot be used"),
    });
    expect(existsSync(join(project.root, "x.parquet.part"))).toBe(false);
  });

  it("says what is missing where pyarrow is not there", async () => {
    const project = await withPython(`${python} -S`);
    await writeFile(join(project.root, "in.parquet"), "");
    expect(await project.run("predict -i in.parquet -o out.parquet")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Parquet needs pyarrow"),
    });
  });
});
