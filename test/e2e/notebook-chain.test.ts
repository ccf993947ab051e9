import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckResult } from "../../src/actions/check/index.js";
import type { TrainResult } from "../../src/actions/train/index.js";
import type { RunDocument } from "../../src/actions/train/types.js";
import { notebookText } from "../helpers/notebook-file.js";
import { type Ran, run } from "../helpers/run.js";

// The built command line and real kernels: notebooks that hand files to each other, and cells in another order.
const bin = resolve(import.meta.dirname, "../../bin/iapp.js");
let root: string;

const IMPORTS =
  "import pandas as pd, joblib\nfrom sklearn.linear_model import LinearRegression\nfrom sklearn.preprocessing import StandardScaler";
const PREPARE = [
  IMPORTS,
  "df = pd.read_csv('raw.csv')\nprint(df.no_such_column)",
  "df = pd.read_csv('raw.csv')\ndf['ab'] = df['a'] * df['b']\nscaler = StandardScaler().fit(df[['a', 'ab']])",
  "df[['a', 'ab', 'y']].to_csv('features.csv', index=False)\njoblib.dump(scaler, 'scaler.pkl')",
];
const TRAIN = [
  IMPORTS,
  "df = pd.read_csv('features.csv')\nscaler = joblib.load('scaler.pkl')",
  "X = scaler.transform(df[['a', 'ab']])\nm = LinearRegression().fit(X, df['y'])\nprint(m.predict(X)[:3])",
];

/** A small project of its own below the shared root, so that equal environments are made once. */
async function project(name: string, notebooks: Record<string, string[]>): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  const rows = Array.from({ length: 120 }, (_, i) => `${((i * 37) % 100) / 100},${i % 10},${(i * 7) % 13}`);
  await writeFile(join(folder, "raw.csv"), `a,b,y\n${rows.join("\n")}\n`);
  for (const [file, cells] of Object.entries(notebooks)) await writeFile(join(folder, file), notebookText(cells));
  return folder;
}

const iapp = (cwd: string, ...args: string[]): Promise<Ran> => run(process.execPath, [bin, ...args], cwd);
const train = async (folder: string, notebook: string): Promise<TrainResult> => {
  const { stdout, stderr } = await iapp(folder, "train", notebook, "--json");
  expect(stderr).not.toMatch(/"error"/);
  return JSON.parse(stdout) as TrainResult;
};

/** Runs of a notebook, the first one first, by their outcome. */
async function runsOf(folder: string, notebook: string): Promise<string[]> {
  const runs = join(root, ".iapp/runs");
  const documents = await Promise.all(
    (await readdir(runs)).sort().map(async (id) => JSON.parse(await readFile(join(runs, id, "run.json"), "utf8"))),
  );
  return (documents as RunDocument[])
    .filter((one) => one.notebook === join(folder, notebook))
    .map(({ status }) => status);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "iapp-e2e-"));
  await mkdir(join(root, ".iapp"));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe("notebooks that exchange files", () => {
  it("are run in order, once, and again when an earlier one has changed", async () => {
    const folder = await project("chain", { "01-prepare.ipynb": PREPARE, "02-train.ipynb": TRAIN });
    const checked = JSON.parse((await iapp(folder, "check", "02-train.ipynb", "--json")).stdout) as CheckResult;
    expect(checked.ok).toBe(true);
    expect(checked.data_files.map(({ written_by }) => written_by)).toEqual([
      ["chain/01-prepare.ipynb"],
      ["chain/01-prepare.ipynb"],
    ]);

    const first = await iapp(folder, "train", "02-train.ipynb");
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/chain\/01-prepare\.ipynb is run first, for chain\/02-train\.ipynb: features\.csv/);
    expect(first.stdout).toMatch(/a request brings its columns as they are written there, not the raw ones/);
    expect(await runsOf(folder, "01-prepare.ipynb")).toEqual(["done"]);
    const again = await train(folder, "02-train.ipynb");
    expect(again).toMatchObject({ status: "verified", reused: true });
    // The fitted stage of the first notebook goes into the bundle of the second.
    expect(await readdir(join(again.bundle!.dir, "model"))).toEqual(["m.pkl", "scaler.pkl"]);
    expect(await readFile(join(again.bundle!.dir, "report.html"), "utf8")).toMatch(/written by chain\/01-prepare/);
    const { columns } = JSON.parse(await readFile(join(again.bundle!.dir, "contract.json"), "utf8"));
    expect(
      (columns as { name: string; required: boolean }[]).filter((one) => one.required).map((one) => one.name),
    ).toEqual(["a", "ab"]);
    expect(await runsOf(folder, "01-prepare.ipynb")).toEqual(["done"]);

    const changed = PREPARE.map((cell) => cell.replace("df['a'] * df['b']", "df['a'] + df['b']"));
    await writeFile(join(folder, "01-prepare.ipynb"), notebookText(changed));
    const renewed = await train(folder, "02-train.ipynb");
    expect(renewed).toMatchObject({ status: "verified", reused: false });
    expect(renewed.bundle!.digest).not.toBe(again.bundle!.digest);
    expect(await runsOf(folder, "01-prepare.ipynb")).toEqual(["done", "done"]);
  });

  it("use a file that somebody put there as it is", async () => {
    const folder = await project("there", {
      "01.ipynb": PREPARE,
      "02.ipynb": TRAIN.map((cell) =>
        cell.replace(/\nscaler = .*/, "\nscaler = StandardScaler().fit(df[['a', 'ab']])"),
      ),
    });
    await writeFile(
      join(folder, "features.csv"),
      `a,ab,y\n${Array.from({ length: 50 }, (_, i) => `${i},${i % 7},${i % 5}`).join("\n")}\n`,
    );
    expect((await train(folder, "02.ipynb")).record?.source?.rows).toBe(50);
    expect(await runsOf(folder, "01.ipynb")).toEqual([]);
  });

  it("are refused by name where an earlier one fails in making the file, and nothing half done stays", async () => {
    const broken = [...PREPARE.slice(0, 3), "df['ab'] = df['nothing']", PREPARE[3]!];
    const folder = await project("broken", { "01.ipynb": broken, "02.ipynb": TRAIN });
    const { code, stderr } = await iapp(folder, "train", "02.ipynb");
    expect(code).toBe(2);
    expect(stderr).toMatch(/broken\/01\.ipynb, which is run first, fails where it makes features\.csv: KeyError/);
    expect(stderr).toMatch(/cell 4, line 1/);
    expect(await stat(join(folder, "features.csv")).catch(() => null)).toBeNull();
    expect(await runsOf(folder, "01.ipynb")).toEqual(["failed"]);
  });

  it("are refused where two write the file, or need each other", async () => {
    const folder = await project("two", { "01.ipynb": PREPARE, "01-old.ipynb": PREPARE, "02.ipynb": TRAIN });
    const two = await iapp(folder, "train", "02.ipynb");
    expect(two.code).toBe(2);
    expect(two.stderr).toMatch(
      /several notebooks write it: two\/01-old\.ipynb \(cell 4\) and two\/01\.ipynb \(cell 4\)/,
    );
    const needing = [IMPORTS, "extra = pd.read_csv('extra.csv')", ...PREPARE.slice(2)];
    const giving = [...TRAIN, "df.to_csv('extra.csv')"];
    const circle = await project("circle", {
      "01.ipynb": needing.map((cell) => cell.replace("df = pd.read_csv('raw.csv')", "df = extra")),
      "02.ipynb": giving,
    });
    const refused = await iapp(circle, "train", "02.ipynb");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/circle\/02\.ipynb needs circle\/01\.ipynb needs circle\/02\.ipynb/);
  });
});

describe("cells that only work in another order", () => {
  it("are run in it, and the report says so", async () => {
    const cells = [
      `${IMPORTS}\ndf = pd.read_csv('raw.csv')`,
      "m = LinearRegression().fit(X, df['y'])\nprint(m.predict(X)[:3])",
      "X = df[['a', 'b']] - low",
      "low = df['a'].min()",
    ];
    const folder = await project("order", {});
    const document = JSON.parse(notebookText(cells)) as { cells: { execution_count: number }[] };
    for (const [i, count] of [1, 4, 3, 2].entries()) document.cells[i]!.execution_count = count;
    await writeFile(join(folder, "nb.ipynb"), JSON.stringify(document));
    const result = await train(folder, "nb.ipynb");
    expect(result.status).toBe("verified");
    expect(result.record?.warnings.map(({ cell, text }) => [cell, text])).toEqual([
      [
        2,
        expect.stringMatching(/^cell 3 is run before cell 2, which uses `X` from it; by the stored execution counts/),
      ],
      [3, expect.stringMatching(/^cell 4 is run before cell 3, which uses `low` from it/)],
    ]);
    expect(await readFile(join(result.bundle!.dir, "report.html"), "utf8")).toMatch(
      /cell 3<\/a>: cell 4 is run before/,
    );
    expect(await readFile(join(result.bundle!.dir, "score.py"), "utf8")).toMatch(/# cell 3\n/);
  });
});
