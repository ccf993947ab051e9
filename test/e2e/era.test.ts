import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TrainResult } from "../../src/actions/train/index.js";
import { writeNotebook } from "../helpers/notebook-file.js";
import { type Ran, run } from "../helpers/run.js";

// Notebooks written for libraries that are gone, with real environments of their time.
const bin = resolve(import.meta.dirname, "../../bin/iapp.js");
let root: string;

const iapp = (args: string[], cwd: string): Promise<Ran> => run(process.execPath, [bin, ...args], cwd);
const resultOf = ({ stdout }: Ran): TrainResult => JSON.parse(stdout) as TrainResult;

const ROWS = Array.from(
  { length: 200 },
  (_, i) => `${["red", "green", "blue"][i % 3]},${i % 10},${i % 3 === 0 ? 1 : 0}`,
);
const DATA = { "d.csv": `color,b,y\n${ROWS.join("\n")}\n` };

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "iapp-era-"));
  await mkdir(join(root, ".iapp"));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

it("takes the newest libraries that still have what the code uses, and says why", async () => {
  const folder = join(root, "seen");
  await writeNotebook(
    folder,
    [
      "import pandas as pd\nimport numpy as np\nfrom sklearn.preprocessing import OneHotEncoder\nfrom sklearn.linear_model import LogisticRegression",
      "df = pd.read_csv('d.csv')",
      "enc = OneHotEncoder(sparse=False)\nX = np.hstack([enc.fit_transform(df[['color']]), df[['b']].values])",
      "m = LogisticRegression().fit(X, df['y'])\nm.predict(X)",
    ],
    DATA,
  );
  const ran = await iapp(["train", "nb.ipynb"], folder);
  expect(ran.stdout + ran.stderr).toContain(
    "scikit-learn<1.4, because of sklearn.preprocessing.OneHotEncoder(sparse=...) in cell 3",
  );
  expect(ran.code).toBe(0);
  const again = resultOf(await iapp(["train", "nb.ipynb", "--json"], folder));
  expect(again).toMatchObject({ status: "verified", reused: true });
  expect(again.record?.packages["scikit-learn"]).toMatch(/^1\.3\./);
});

it("tries older libraries where a cell that matters fails because of today's, and remembers them", async () => {
  const folder = join(root, "met");
  await writeNotebook(
    folder,
    [
      "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
      "df = pd.read_csv('d.csv')",
      "df['half'] = df.b / 2\nparts = [df, df[df.b > 7]]\ndf = parts[0].append(parts[1])",
      "X = df[['b', 'half']]\nm = LogisticRegression().fit(X, df['y'])\nm.predict(X)",
    ],
    DATA,
  );
  const refused = await iapp(["train", "nb.ipynb", "--era", "newest", "--json"], folder);
  expect(refused.code).toBe(2);
  expect(resultOf(refused).record?.refusal?.reason).toContain("'DataFrame' object has no attribute 'append'");
  const ran = await iapp(["train", "nb.ipynb"], folder);
  expect(ran.stdout + ran.stderr).toMatch(/cell 3 fails here \(AttributeError: .*\): once more with pandas<2\.0/);
  expect(ran.code).toBe(0);
  const again = resultOf(await iapp(["train", "nb.ipynb", "--json"], folder));
  expect(again).toMatchObject({ status: "verified", reused: true });
  expect(again.record?.packages.pandas).toMatch(/^1\.5\./);
  const forced = await iapp(["train", "nb.ipynb", "--force"], folder);
  expect(forced.code).toBe(0);
  expect(forced.stdout + forced.stderr).not.toContain("once more");
});
