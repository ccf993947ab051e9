import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TrainResult } from "../../src/actions/train/index.js";
import { writeNotebook } from "../helpers/notebook-file.js";
import { type Ran, run } from "../helpers/run.js";

// The built command line, real environments, real kernels, a real service: what a person gets.
const bin = resolve(import.meta.dirname, "../../bin/iapp.js");
let root: string;

const iapp = (args: string[], cwd: string): Promise<Ran> => run(process.execPath, [bin, ...args], cwd);

const CELLS = {
  imports: "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
  read: "df = pd.read_csv('d.csv')",
  fit: "X = df[['a', 'b']]\nm = LogisticRegression().fit(X, df['y'])\npred = m.predict(X)\nprint(pred[:3])",
};

/** A small project of its own below the shared root, so that equal environments are made once. */
async function project(name: string, cells: string[]): Promise<string> {
  const folder = join(root, name);
  const rows = Array.from(
    { length: 200 },
    (_, i) => `${((i * 37) % 100) / 100},${i % 10},${(i * 7) % 3 === 0 ? 1 : 0}`,
  );
  await writeNotebook(folder, cells, { "d.csv": `a,b,y\n${rows.join("\n")}\n` });
  return folder;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "iapp-e2e-"));
  await mkdir(join(root, ".iapp"));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe("iapp deploy NOTEBOOK", () => {
  it.each([
    ["churn", "churn.ipynb"],
    ["house-prices", "house-prices.ipynb"],
    ["tickets", "tickets.ipynb"],
  ])("serves the template %s unedited, proved, and leaves nothing behind", async (name, notebook) => {
    const folder = join(root, `template-${name}`);
    expect((await iapp(["init", folder, "--template", name, "--yes"], root)).code).toBe(0);
    const deployed = await iapp(["deploy", notebook, "--yes", "--json"], folder);
    expect(deployed.stderr + deployed.stdout).not.toMatch(/"error"/);
    expect(deployed.code).toBe(0);
    const { url } = JSON.parse(deployed.stdout) as { url: string };
    try {
      const trained = JSON.parse((await iapp(["train", notebook, "--json"], folder)).stdout) as TrainResult;
      expect(trained).toMatchObject({ status: "verified", reused: true });
      expect(trained.verification?.rows.batch).toBeGreaterThan(500);
      const examples = JSON.parse(await readFile(join(trained.bundle!.dir, "examples.json"), "utf8")) as {
        rows: unknown[];
        predictions: unknown[];
      };
      const answer = await fetch(`${url}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ rows: examples.rows }),
      });
      expect(((await answer.json()) as { predictions: unknown[] }).predictions).toEqual(examples.predictions);
      expect((await iapp(["predict", "--example"], folder)).code).toBe(0);
      const again = await iapp(["deploy", notebook, "--yes"], folder);
      expect(again.stdout).toMatch(/nothing has changed/);
    } finally {
      expect((await iapp(["delete", name, "--yes"], folder)).code).toBe(0);
    }
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    expect(await readdir(join(root, ".iapp", "apps")).catch(() => [])).not.toContain(name);
  });
});

describe("iapp train", () => {
  const refused: [string, string[], RegExp, number][] = [
    [
      "hidden state",
      [CELLS.imports, CELLS.read, "df['a'] = df['a'] * scale", CELLS.fit, "scale = 2"],
      /cell 3, line 1.*'scale'.*cell 5, further down/s,
      2,
    ],
    ["input()", [CELLS.imports, CELLS.read, "df['b'] = df['b'] * int(input())", CELLS.fit], /cell 3.*input/s, 2],
    [
      "a missing data file",
      [CELLS.imports, "df = pd.read_csv('nope.csv')", CELLS.fit],
      /cell 2, line 1.*nope\.csv.*put the file beside/s,
      2,
    ],
    [
      "a cell that does not parse and may change the model's input",
      [CELLS.imports, CELLS.read, "df['b'] = df['b' * 2", CELLS.fit],
      /cell 3.*SyntaxError.*'df'/s,
      2,
    ],
    [
      "a kernel that ends",
      [CELLS.imports, CELLS.read, "import os\nos._exit(3)", CELLS.fit],
      /cell 3.*kernel died.*code 3/s,
      2,
    ],
    [
      "random numbers",
      [CELLS.imports, "import numpy as np", CELLS.read, "df['a'] += np.random.rand(len(df))", CELLS.fit],
      /cell 4.*random/s,
      2,
    ],
    ["ranks", [CELLS.imports, CELLS.read, "df['a'] = df['a'].rank()", CELLS.fit], /cell 3.*rank/s, 2],
    [
      "a package that does not exist",
      ["!pip install surely-no-such-package-iapp==1.0", CELLS.imports, CELLS.read, CELLS.fit],
      /no package "surely-no-such-package-iapp".*cell 1, line 1/s,
      2,
    ],
    ["no model", [CELLS.imports, CELLS.read, "df.describe()"], /no model/, 2],
  ];
  it.each(refused)("refuses %s with place and remedy", async (name, cells, words, code) => {
    const folder = await project(`refused-${name.replace(/\W+/g, "-")}`, cells);
    const ran = await iapp(["train", "nb.ipynb", "-q"], folder);
    expect(ran.stdout + ran.stderr).toMatch(words);
    expect(ran.code).toBe(code);
  });

  it("goes on after a failing cell that does not matter, and says so", async () => {
    const folder = await project("outside", [CELLS.imports, CELLS.read, "1 / 0", CELLS.fit]);
    const { code, stdout } = await iapp(["train", "nb.ipynb", "--json"], folder);
    const result = JSON.parse(stdout) as TrainResult;
    expect(code).toBe(0);
    expect(result.status).toBe("verified");
    expect(result.record?.failures).toEqual([
      expect.objectContaining({ cell: 3, ename: "ZeroDivisionError", matters: false }),
    ]);
    const stopped = await iapp(["train", "nb.ipynb", "--stop-on-error", "-q"], folder);
    expect(stopped.code).toBe(2);
    expect(stopped.stdout).toMatch(/cell 3.*ZeroDivisionError/s);
  });

  it("sets parameters, and trains anew for another value", async () => {
    const cells = [
      CELLS.imports,
      CELLS.read,
      "c = 1.0",
      "X = df[['a', 'b']]\nm = LogisticRegression(C=c).fit(X, df['y'])\npred = m.predict_proba(X)[:, 1]",
    ];
    const folder = await project("parameters", cells);
    const digest = async (...flags: string[]): Promise<string> =>
      (JSON.parse((await iapp(["train", "nb.ipynb", "--json", ...flags], folder)).stdout) as TrainResult).bundle!
        .digest;
    const plain = await digest();
    expect(await digest("-p", "c=0.01")).not.toBe(plain);
    expect(await digest()).toBe(plain);
    const wrong = await iapp(["train", "nb.ipynb", "-p", "d=1"], folder);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/no parameter "d".*Did you mean "c"/s);
  });

  it("bounds what a cell prints, and ends what a cell has started", async () => {
    const mark = `iapp-e2e-${process.pid}`;
    const child = `import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '${mark}'], start_new_session=True)`;
    const folder = await project("flood", [
      CELLS.imports,
      CELLS.read,
      "for i in range(300000):\n    print('x' * 100)",
      child,
      CELLS.fit,
    ]);
    const { code, stdout } = await iapp(["train", "nb.ipynb", "--json"], folder);
    expect(code).toBe(0);
    const { runDir } = JSON.parse(stdout) as TrainResult;
    for (const file of ["executed.ipynb", "logs.ndjson", "events.ndjson"]) {
      expect((await readFile(join(runDir, file))).length).toBeLessThan(8 << 20);
    }
    const commands = await Promise.all(
      (await readdir("/proc").catch(() => []))
        .filter((pid) => /^\d+$/.test(pid))
        .map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
    );
    expect(commands.filter((command) => command.includes(mark))).toEqual([]);
  });

  it("stops the kernel on Ctrl-C and says that it was interrupted", async () => {
    const folder = await project("interrupt", [
      CELLS.imports,
      CELLS.read,
      "print('now')\nimport time\ntime.sleep(600)",
      CELLS.fit,
    ]);
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, [bin, "train", "nb.ipynb"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    const code = await new Promise<number | null>((done) => {
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
        if (/cell 3 .*now/.test(stderr) || /cell 3 \(3 of 4\)/.test(stderr)) child.kill("SIGINT");
      });
      child.on("close", done);
    });
    expect(stderr).toMatch(/interrupted/);
    expect(code).toBe(130);
    const runs = join(root, ".iapp", "runs");
    const last = (await readdir(runs)).sort().at(-1)!;
    expect(JSON.parse(await readFile(join(runs, last, "run.json"), "utf8"))).toMatchObject({ status: "interrupted" });
  });
});
