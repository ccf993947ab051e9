import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { notebookText } from "../helpers/notebook-file.js";
import { type Ran, run } from "../helpers/run.js";

// The app's own notebook and settings, with the data of today; and a command in its environment.
const bin = resolve(import.meta.dirname, "../../bin/iapp.js");
const CELLS = [
  "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\nscale = 1.0",
  "df = pd.read_csv('d.csv')\ndf['a'] = df['a'] * scale",
  "X = df[['a', 'b']]\nm = LinearRegression().fit(X, df['y'])\npred = m.predict(X)\nprint(pred[:3])",
];
const PACE = ["--stage", "50,1s", "--bake", "1s", "--accept-unproven"];

describe("training an app anew", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "iapp-retrain-"));
    await mkdir(join(folder, ".iapp"));
    await writeFile(join(folder, "nb.ipynb"), notebookText(CELLS));
    await data(7);
    await json(["deploy", "nb.ipynb", "--name", "prices", "-p", "scale=2.0"]);
  }, 300_000);
  afterAll(async () => {
    await iapp("delete", "prices", "--yes");
    await rm(folder, { recursive: true, force: true });
  });

  const iapp = (...args: string[]): Promise<Ran> => run(process.execPath, [bin, ...args], folder);
  async function json<T>(args: string[], code = 0): Promise<T> {
    const ran = await iapp(...args, "--json");
    expect(ran.code, ran.stderr + ran.stdout).toBe(code);
    return JSON.parse(ran.stdout) as T;
  }
  async function data(factor: number): Promise<void> {
    const rows = Array.from({ length: 60 }, (_, i) => `${(i * 37) % 100},${i % 10},${(i * factor) % 13}`);
    await writeFile(join(folder, "d.csv"), `a,b,y\n${rows.join("\n")}\n`);
  }

  it("changes nothing with the same data, and takes the parameters along with new ones", async () => {
    expect(await json(["rollout", "prices", "--retrain", ...PACE])).toMatchObject({ changed: false, version: "v1" });
    await data(5);
    expect(await json(["rollout", "--retrain", ...PACE])).toMatchObject({ phase: "promoted", from: "v1", to: "v2" });
    const { parameters } = await json<{ parameters: object[] }>(["bundle", "show"]);
    expect(JSON.stringify(parameters)).toContain("scale");
  }, 300_000);

  it("says what is missing where there is no source", async () => {
    const ran = await iapp("rollout", "--json");
    expect([ran.code, JSON.parse(ran.stdout).error.message]).toEqual([2, "it is not said what is rolled out"]);
  });

  it("runs a command with the version's own packages, and passes its exit code on", async () => {
    const code = "import sklearn, sys; print('has', bool(sklearn.__version__)); sys.exit(9)";
    const ran = await iapp("exec", "prices", "--", "python", "-c", code);
    expect([ran.code, ran.stdout], ran.stderr).toEqual([9, "has True\n"]);
  }, 60_000);
});
