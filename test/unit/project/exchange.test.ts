import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { parseNotebook, staticReport } from "../../../src/notebook/index.js";
import { exchangedFiles } from "../../../src/project/exchange.js";
import { notebookText } from "../../helpers/notebook-file.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";
import { parser } from "../notebook/parser.js";

const IMPORTS = "import pandas as pd, numpy as np, joblib, pickle";

/** What other notebooks write for `train.ipynb`, by path: the notebooks and the cells that it is made in. */
async function found(
  cells: string[],
  others: Record<string, string[]>,
  files: string[] = [],
): Promise<Record<string, [string, number[] | null][]>> {
  const root = await temporaryFolder();
  for (const [name, sources] of Object.entries(others)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), notebookText([IMPORTS, ...sources]));
  }
  for (const name of files) await writeFile(join(root, name), "");
  const report = staticReport(parseNotebook(notebookText([IMPORTS, ...cells]), "train.ipynb"), { parser });
  const exchanged = await exchangedFiles(root, join(root, "train.ipynb"), report.data_files, parser);
  return Object.fromEntries(
    exchanged.map(({ path, writers }) => [path, writers.map((one) => [relative(root, one.notebook), one.made_in])]),
  );
}

describe("files that notebooks exchange", () => {
  it.each([
    ["df = pd.read_csv('x.csv')", "df.to_csv('x.csv')"],
    ["df = pd.read_parquet('x.parquet')", "df.to_parquet('x.parquet')"],
    ["df = pd.read_pickle('x.pkl')", "df.to_pickle('./x.pkl')"],
    ["s = joblib.load('out/s.joblib')", "joblib.dump(df, 'out/s.joblib')"],
    ["s = pickle.load(open('s.pkl', 'rb'))", "pickle.dump(df, open('s.pkl', 'wb'))"],
    ["s = pickle.load(open('s.pkl', 'rb'))", "with open('s.pkl', 'wb') as f:\n    pickle.dump(df, f)"],
    ["X = np.load('x.npy')", "np.save('x', df)"],
    ["import os\ndf = pd.read_csv(os.path.join('out', 'x.csv'))", "D = 'out'\ndf.to_csv(f'{D}/x.csv')"],
  ])("are recognised: %s", async (read, write) => {
    const given = await found([read], { "prepare.ipynb": ["df = pd.read_csv('raw.csv')", "print(1)", write] });
    expect(Object.values(given)).toEqual([[["prepare.ipynb", [1, 2, 4]]]]);
  });

  it("count from the folder of each notebook", async () => {
    const write = ["pd.DataFrame({'a': [1]}).to_csv('../x.csv')"];
    expect(Object.keys(await found(["pd.read_csv('x.csv')"], { "prep/a.ipynb": write }))).toEqual(["x.csv"]);
    expect(await found(["pd.read_csv('x.csv')"], { "prep/a.ipynb": ["pd.DataFrame().to_csv('x.csv')"] })).toEqual({});
  });

  it("may be made in any cell where the writing is in a function, or under a name of its own", async () => {
    const read = ["pd.read_csv('x.csv')"];
    const inFunction = ["def save(t):\n    t.to_csv('x.csv')", "save(pd.DataFrame())"];
    expect(await found(read, { "a.ipynb": inFunction })).toEqual({ "x.csv": [["a.ipynb", null]] });
    const opened = ["f = open('x.csv', 'w')", "f.write('a')"];
    expect(await found(read, { "a.ipynb": opened })).toEqual({ "x.csv": [["a.ipynb", null]] });
  });

  it("name every notebook that writes them", async () => {
    const write = ["pd.DataFrame().to_csv('x.csv')"];
    const { "x.csv": writers } = await found(["pd.read_csv('x.csv')"], { "a.ipynb": write, "b.ipynb": write });
    expect(writers?.map(([name]) => name)).toEqual(["a.ipynb", "b.ipynb"]);
  });

  it("are none that the notebook has written itself before it reads them", async () => {
    const write = "pd.DataFrame().to_csv('x.csv')";
    const others = { "a.ipynb": [write] };
    expect(await found([write, "pd.read_csv('x.csv')"], others)).toEqual({});
    expect(Object.keys(await found(["pd.read_csv('x.csv')", write], others))).toEqual(["x.csv"]);
  });

  it("are none of what is no notebook, and of checkpoints", async () => {
    const write = ["pd.DataFrame().to_csv('x.csv')"];
    expect(await found(["pd.read_csv('x.csv')"], { ".ipynb_checkpoints/a.ipynb": write })).toEqual({});
  });
});
