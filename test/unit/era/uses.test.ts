import { describe, expect, it } from "vitest";
import { allFacts } from "../../../src/notebook/era/facts.js";
import { printedVersions, rangesOf, staticReport } from "../../../src/notebook/index.js";
import { notebookOf, parser } from "../notebook/parser.js";

const LEARNS = "clf = LogisticRegression()\nclf.fit(df[['a']], df['y'])\nclf.predict(df[['a']])";
const IMPORTS = "import pandas as pd\nimport numpy as np\nfrom sklearn.linear_model import LogisticRegression";

/** What is found in a notebook that reads a table, does this, and fits a model. */
function found(source: string): string[] {
  const notebook = notebookOf([IMPORTS, "df = pd.read_csv('a.csv')", source, LEARNS]);
  return staticReport(notebook, { parser }).apis.map(
    ({ what, module, below, from }) =>
      `${what} ${module}${from === null ? "" : `>=${from}`}${below === null ? "" : `<${below}`}`,
  );
}

describe("what not every version of a library has", () => {
  it("is known of all the libraries notebooks are written with, in hundreds", () => {
    const by = new Map<string, number>();
    for (const { module, below } of allFacts().values()) if (below !== null) by.set(module, (by.get(module) ?? 0) + 1);
    for (const module of [
      "pandas",
      "numpy",
      "sklearn",
      "scipy",
      "matplotlib",
      "seaborn",
      "statsmodels",
      "xgboost",
      "lightgbm",
      "keras",
      "tensorflow",
      "imblearn",
    ]) {
      expect(by.get(module) ?? 0, module).toBeGreaterThanOrEqual(5);
    }
    expect([...by.values()].reduce((a, b) => a + b)).toBeGreaterThan(1000);
  });

  it.each([
    ["df = df.append({'a': 1}, ignore_index=True)", "pandas.DataFrame.append pandas<2.0"],
    ["df['a'] = df.a.append(df.a, ignore_index=True)", ".append(ignore_index=...) pandas<2.0"],
    ["df['a'] = df['a'].astype(np.float)", "numpy.float numpy<1.24"],
    [
      "from sklearn.preprocessing import OneHotEncoder\nenc = OneHotEncoder(sparse=False)\ndf['a'] = enc.fit_transform(df[['a']])[:, 0]",
      "sklearn.preprocessing.OneHotEncoder(sparse=...) sklearn<1.4",
    ],
    [
      "from sklearn.preprocessing import OneHotEncoder\nenc = OneHotEncoder(sparse_output=False)\ndf['a'] = enc.fit_transform(df[['a']])[:, 0]",
      "sklearn.preprocessing.OneHotEncoder(sparse_output=...) sklearn>=1.2",
    ],
    [
      "from sklearn.cross_validation import train_test_split\ndf, rest = train_test_split(df)",
      "sklearn.cross_validation sklearn<0.20",
    ],
    ["df['a'][df['a'] > 3] = 3", "assignment to a column through another selection pandas<3.0"],
    ["df['a'].fillna(0, inplace=True)", "assignment to a column through another selection pandas<3.0"],
    ["df.a.loc[df.a > 3] = 3", "assignment to a column through another selection pandas<3.0"],
    [
      "for c in df.columns[df.dtypes == 'object']:\n    df[c] = df[c].str.lower()",
      "columns of texts as object pandas<3.0",
    ],
    ["df = df.drop('b', 1)", "drop(..., 1) with the axis by position pandas<2.0"],
    ["df = df.set_index('t').resample('M').mean()", 'the frequency "M" pandas<3.0'],
    ["df = pd.read_csv('a.csv', error_bad_lines=False)", "pandas.read_csv(error_bad_lines=...) pandas<2.0"],
  ])("is seen in %s", (source, expected) => {
    expect(found(source)).toContain(expected);
  });

  it.each([
    "names = []\nnames.append('a')\ndf = df[['a', 'y']]",
    "df.loc[df['a'] > 3, 'a'] = 3",
    "df['a'] = df['a'].fillna(0)",
    "table = {'a': {}}\ntable['a']['b'] = 1\ndf['a'] = df['a'] * table['a']['b']",
    "df['p'] = df['t'].dt.to_period('M')",
    "df['a'] = df['a'].astype(float)",
    "df = df.drop('b', axis=1)",
  ])("is not seen in %s", (source) => {
    expect(found(source)).toEqual([]);
  });

  it("counts only where training or scoring needs it", () => {
    const notebook = notebookOf([
      IMPORTS,
      "df = pd.read_csv('a.csv')",
      LEARNS,
      "print(np.float(3))\ndf.append({'a': 1}, ignore_index=True)",
    ]);
    expect(staticReport(notebook, { parser }).apis).toEqual([]);
  });
});

describe("an error tells the versions that did it otherwise", () => {
  it.each([
    [
      "AttributeError",
      "module 'numpy' has no attribute 'float'.\n`np.float` was a deprecated alias",
      "x",
      "numpy<1.24",
    ],
    ["AttributeError", "'DataFrame' object has no attribute 'append'", "x", "pandas<2.0"],
    ["TypeError", "OneHotEncoder.__init__() got an unexpected keyword argument 'sparse'", "x", "sklearn<1.4"],
    ["ImportError", "cannot import name 'load_boston' from 'sklearn.datasets' (/x/y.py)", "x", "sklearn<1.2"],
    ["ModuleNotFoundError", "No module named 'sklearn.externals.joblib'", "x", "sklearn<0.23"],
    [
      "InvalidParameterError",
      "The 'criterion' parameter of RandomForestRegressor must be a str among {'poisson'}. Got 'mse' instead.",
      "x",
      "sklearn<1.2",
    ],
    [
      "ValueError",
      "Invalid parameter 'normalize' for estimator LinearRegression(). Valid parameters are: ['copy_X']",
      "x",
      "sklearn<1.2",
    ],
    ["ValueError", "could not convert string to float: 'white'", "df.corr()", "pandas<2.0"],
    ["TypeError", "dtype 'str' does not support operation 'mean'", "df.mean()", "pandas<2.0"],
    ["TypeError", "Invalid value '3' for dtype 'str'", "df.loc[0, 'a'] = 3", "pandas<3.0"],
    ["ValueError", "assignment destination is read-only", "v[0] = 1", "pandas<3.0"],
  ])("%s: %s", (ename, evalue, source, expected) => {
    const ranges = rangesOf({ ename, evalue, source }).map(({ module, below }) => `${module}<${below}`);
    expect(ranges).toContain(expected);
  });

  it.each([
    ["NameError", "name 'x' is not defined"],
    ["FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'"],
    ["ValueError", "could not convert string to float: 'white'"],
    ["ModuleNotFoundError", "No module named 'predict'"],
    ["KeyError", "'price'"],
  ])("%s: %s tells none", (ename, evalue) => {
    expect(rangesOf({ ename, evalue, source: "model.fit(X, y)" })).toEqual([]);
  });
});

it("reads the versions that the author's run printed", () => {
  const printed = (source: string, text: string) => {
    const notebook = notebookOf([source]);
    notebook.code[0]!.outputs = [{ output_type: "stream", name: "stdout", text }];
    return Object.fromEntries(printedVersions(notebook));
  };
  expect(printed("print(pd.__version__)", "1.3.5\n")).toEqual({ pandas: "1.3.5" });
  expect(printed("print(pd.__version__, np.__version__)", "1.3.5 1.21.6\n")).toEqual({
    pandas: "1.3.5",
    numpy: "1.21.6",
  });
  expect(printed("%watermark -p pandas,sklearn", "pandas : 1.5.3\nsklearn: 1.2.0\n")).toEqual({
    pandas: "1.5.3",
    sklearn: "1.2.0",
  });
  expect(printed("print('TensorFlow version:', tf.__version__)", "TensorFlow version: 2.8.0\n")).toEqual({
    tensorflow: "2.8.0",
  });
  expect(printed("print(score)", "pandas 0.75\n")).toEqual({});
});
