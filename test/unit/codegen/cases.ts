import type { RecordDocument } from "../../../src/core/contract.js";
import { frozen, liveIn, model, record, TestNotebook } from "./build.js";
import type { Case } from "./python.js";

const DATA = [
  "import numpy as np, pandas as pd",
  "rng = np.random.default_rng(5)",
  "n = 40",
  "df = pd.DataFrame({'age': rng.integers(18, 80, n), 'plan': rng.choice(['basic', 'plus', 'max'], n),",
  "                   'fee': rng.normal(30, 8, n).round(2)})",
  "df.loc[[3, 9], 'fee'] = np.nan",
  "df.loc[[4], 'plan'] = None",
  "raw = df.copy()",
  "y = (df['age'] + rng.normal(0, 9, n) > 45).astype(int)",
].join("\n");
const IMPORT = "import numpy as np, pandas as pd";

function source(
  columns: Record<string, string>,
  parts: Partial<RecordDocument["source"] & object> = {},
): RecordDocument["source"] {
  const list = Object.entries(columns).map(([name, dtype]) => ({ name, dtype }));
  return {
    name: "df",
    cell: 1,
    line: 4,
    call: 'pd.read_csv("churn.csv")',
    kind: "frame",
    rows: 40,
    columns: list,
    target: null,
    ...parts,
  };
}

const FRAME = source({ age: "int64", plan: "object", fee: "float64" });
const imports = (notebook: TestNotebook) => [notebook.imported(1, IMPORT, "np", "pd")];
const whole = { raw: "raw", features: "X", predictions: "clf.predict(X)" };

/** Statistics, a function of the notebook, a loop with one encoder per column, recorded columns, a scaler. */
function byHand(): Case {
  const notebook = new TestNotebook([
    DATA,
    [
      "fee_mean = df['fee'].mean()",
      "limit = 45",
      "def band(age):",
      '    """young',
      'or old"""',
      "    return 'young' if age < limit else 'old'",
      "df['fee'] = df['fee'].fillna(fee_mean)  # the mean",
      "df['band'] = df['age'].map(band)",
    ].join("\n"),
    [
      "from sklearn.preprocessing import LabelEncoder, StandardScaler",
      "encoders = {}",
      "for col in ['band']:",
      "    le = LabelEncoder()",
      "    df[col] = le.fit_transform(df[col])",
      "    encoders[col] = le",
      "df = pd.get_dummies(df, columns=['plan'],",
      "                    dtype=float)",
    ].join("\n"),
    "sc = StandardScaler()\nX = sc.fit_transform(df)\nfrom sklearn.linear_model import LogisticRegression\nclf = LogisticRegression().fit(X, y)",
  ]);
  const definition = notebook.cells[1]!.slice(
    notebook.cells[1]!.indexOf("def"),
    notebook.cells[1]!.indexOf("\ndf['fee']"),
  );
  const loop = notebook.cells[2]!.slice(notebook.cells[2]!.indexOf("for"), notebook.cells[2]!.indexOf("\ndf = pd"));
  return {
    notebook,
    record: record({
      source: FRAME,
      imports: imports(notebook),
      definitions: [notebook.definition(2, definition, ["band"], ["limit"])],
      features: [
        notebook.piece(2, "df['fee'] = df['fee'].fillna(fee_mean)", { binds: ["df"], reads: ["df", "fee_mean"] }),
        notebook.piece(2, "df['band'] = df['age'].map(band)", { binds: ["df"], reads: ["df", "band"] }),
        notebook.piece(3, loop, {
          edits: [
            ["le = LabelEncoder()", "", ""],
            ["le.fit_transform(df[col])", "le[col].transform({0})", "df[col]"],
            ["encoders[col] = le", ""],
          ],
          binds: ["df", "col"],
          reads: ["df"],
        }),
        notebook.piece(3, "df = pd.get_dummies(df, columns=['plan'],\n                    dtype=float)", {
          edits: [
            [
              "pd.get_dummies(df, columns=['plan'],\n                    dtype=float)",
              "dummies({0}, frozen.df_columns, columns={1}, dtype=float)",
              "df",
              "['plan']",
            ],
          ],
          binds: ["df"],
          reads: ["df"],
        }),
      ],
      result: notebook.expression(4, "sc.fit_transform(df)", [["sc.fit_transform(df)", "sc.transform({0})", "df"]]),
      proba: "clf.predict_proba({X})",
      classes: [0, 1],
      frozen: [
        liveIn("fee_mean", null, "30.1"),
        liveIn("limit", null, "45"),
        frozen("df_columns", null, { summary: "6 names" }),
      ],
      models: [
        model("sc", "StandardScaler"),
        model("clf", "LogisticRegression"),
        model("le", "LabelEncoder", { access: "keyed" }),
      ],
    }),
    frozen: { fee_mean: "fee_mean", limit: "limit", df_columns: "df.columns" },
    models: { sc: "sc", clf: "clf", le: "encoders" },
    ...whole,
  };
}

/** The author uses our names: rows, frozen, features, predict, bins, check, Model, request; and changes a learned list. */
function clashes(): Case {
  const notebook = new TestNotebook([
    DATA,
    [
      "features = ['age']",
      "bins = [0, 30, 50, 200]",
      "frozen = 3",
      "rows = 2",
      "check = 1.5",
      "def predict(x, Model=1):",
      "    return x * rows + Model + len(features)",
    ].join("\n"),
    [
      "features.append('fee')",
      "df['fee'] = df['fee'].fillna(df['fee'].median())",
      "df['fee'] = predict(df['fee']) + frozen",
      "request = df['age'] * check",
      "df['age'] = pd.cut(request, bins, labels=False)",
      "rows += 1",
      "df['more'] = predict(df['age'])",
      "X = df[features + ['more']].fillna(0)",
      "from sklearn.tree import DecisionTreeRegressor",
      "clf = DecisionTreeRegressor(random_state=0).fit(X, y)",
    ].join("\n"),
  ]);
  return {
    notebook,
    record: record({
      source: FRAME,
      imports: imports(notebook),
      definitions: [
        notebook.definition(
          2,
          "def predict(x, Model=1):\n    return x * rows + Model + len(features)",
          ["predict"],
          ["rows", "features"],
        ),
      ],
      features: [
        notebook.piece(3, "features.append('fee')", { binds: [], reads: ["features"] }),
        notebook.piece(3, "df['fee'] = df['fee'].fillna(df['fee'].median())", {
          edits: [["df['fee'].median()", "frozen.fee_median"]],
          binds: ["df"],
          reads: ["df"],
        }),
        notebook.piece(3, "df['fee'] = predict(df['fee']) + frozen", {
          binds: ["df"],
          reads: ["df", "predict", "frozen"],
        }),
        notebook.piece(3, "request = df['age'] * check", {
          binds: ["request"],
          reads: ["df", "check"],
          note: "rows without a fee are not checked",
        }),
        notebook.piece(3, "df['age'] = pd.cut(request, bins, labels=False)", {
          edits: [["pd.cut(request, bins, labels=False)", "bins({0}, {1}, labels=False)", "request", "bins"]],
          binds: ["df"],
          reads: ["df", "request", "bins"],
        }),
        notebook.piece(3, "rows += 1", { binds: ["rows"], reads: ["rows"] }),
        notebook.piece(3, "df['more'] = predict(df['age'])", { binds: ["df"], reads: ["df", "predict"] }),
      ],
      result: notebook.expression(3, "df[features + ['more']].fillna(0)"),
      helpers: ["bins"],
      frozen: [
        liveIn("features", null),
        liveIn("bins", null),
        liveIn("frozen", null),
        liveIn("rows", null),
        liveIn("check", null),
        frozen("fee_median", null),
      ],
      models: [model("clf", "DecisionTreeRegressor")],
    }),
    // As they were before cell 3 changed them.
    frozen: {
      features: "['age']",
      bins: "bins",
      frozen: "frozen",
      rows: "2",
      check: "check",
      fee_median: "raw['fee'].median()",
    },
    models: { clf: "clf" },
    ...whole,
  };
}

/** Functions that write and read the notebook's variables, a class the model needs, names bound again. */
function scopes(): Case {
  const notebook = new TestNotebook([
    DATA,
    [
      "from sklearn.base import BaseEstimator, TransformerMixin",
      "@staticmethod",
      "def unused(): pass",
      "class Clip(BaseEstimator, TransformerMixin):",
      "    def __init__(self, top=40.0):",
      "        self.top = top",
      "    def fit(self, X, y=None):",
      "        return self",
      "    def transform(self, X):",
      "        return shrink(np.minimum(X, self.top))",
      "def shrink(x):",
      "    return x * factor",
      "factor = 0.5",
    ].join("\n"),
    [
      "steps = 0",
      "def load(frame):",
      "    global steps, table",
      "    steps += 1",
      "    table = frame.fillna(0)",
      "def widen():",
      "    return [table[c] * steps for c in cols]",
      "cols = ['age', 'fee']",
    ].join("\n"),
    [
      "global table",
      "load(df)",
      "load(table[cols])",
      "for i, part in enumerate(widen()):",
      "    df[f'w{i}'] = part",
      "np = np.asarray",
      "df['total'] = np(df[['w0', 'w1']]).sum(axis=1)",
      "def row_total(row):",
      "    return row['total'] + steps",
      "df['again'] = df.apply(row_total, axis=1)",
      "limit = 3",
      "limit += len(cols)",
      "df['over'] = [v > limit for v in df['total']]",
      "import numpy as np",
      "from sklearn.pipeline import make_pipeline",
      "from sklearn.linear_model import LinearRegression",
      "X = df[['total', 'again', 'over']]",
      "clf = make_pipeline(Clip(), LinearRegression()).fit(X, y)",
    ].join("\n"),
  ]);
  const cell = (number: number, from: string, to: string): string => {
    const text = notebook.cells[number - 1]!;
    return text.slice(text.indexOf(from), to === "" ? undefined : text.indexOf(to)).trimEnd();
  };
  return {
    notebook,
    record: record({
      source: FRAME,
      imports: [
        ...imports(notebook),
        notebook.imported(
          2,
          "from sklearn.base import BaseEstimator, TransformerMixin",
          "BaseEstimator",
          "TransformerMixin",
        ),
      ],
      definitions: [
        notebook.definition(
          2,
          cell(2, "class Clip", "def shrink"),
          ["Clip"],
          ["BaseEstimator", "TransformerMixin", "np", "shrink"],
        ),
        notebook.definition(2, "def shrink(x):\n    return x * factor", ["shrink"], ["factor"]),
        notebook.definition(3, cell(3, "def load", "def widen"), ["load"], ["steps"]),
        notebook.definition(3, cell(3, "def widen", "cols = "), ["widen"], ["table", "steps", "cols"]),
      ],
      features: [
        notebook.piece(4, "global table"),
        notebook.piece(4, "load(df)", { binds: [], reads: ["load", "df"] }),
        notebook.piece(4, "load(table[cols])", { binds: [], reads: ["load", "table", "cols"] }),
        notebook.piece(4, cell(4, "for i", "np = np"), { binds: ["df", "i", "part"], reads: ["df", "widen"] }),
        notebook.piece(4, "np = np.asarray", { binds: ["np"], reads: ["np"] }),
        notebook.piece(4, "df['total'] = np(df[['w0', 'w1']]).sum(axis=1)", { binds: ["df"], reads: ["df", "np"] }),
        notebook.definition(4, cell(4, "def row_total", "df['again']"), ["row_total"], ["steps"]),
        notebook.piece(4, "df['again'] = df.apply(row_total, axis=1)", { binds: ["df"], reads: ["df", "row_total"] }),
        notebook.piece(4, "limit += len(cols)", { binds: ["limit"], reads: ["limit", "cols"] }),
        notebook.piece(4, "df['over'] = [v > limit for v in df['total']]", { binds: ["df"], reads: ["df", "limit"] }),
      ],
      result: notebook.expression(4, "df[['total', 'again', 'over']]"),
      frozen: [liveIn("factor", null), liveIn("steps", null), liveIn("cols", null), liveIn("limit", null)],
      models: [model("clf", "Pipeline")],
    }),
    frozen: { factor: "factor", steps: "0", cols: "cols", limit: "3" },
    models: { clf: "clf" },
    raw: "raw",
    features: "X",
    predictions: "clf.predict(X)",
  };
}

/** A log target undone after the prediction, a threshold, labels by a dict; the raw thing is an array. */
function afterwards(): Case {
  const notebook = new TestNotebook([
    "import numpy as np\nrng = np.random.default_rng(2)\ndata = rng.normal(5, 1, (30, 3))\nraw = data.copy()\ntarget = np.exp(data[:, 0])",
    [
      "X = data[:, :2] - data[:, :2].mean(axis=0)",
      "from sklearn.linear_model import LinearRegression",
      "clf = LinearRegression().fit(X, np.log(target))",
      "pred = clf.predict(X)",
      "pred = np.exp(pred)",
      "names = {True: 'large', False: 'small'}",
      "answer = [names[bool(p > limit)]",
      "          for p in pred]",
    ]
      .join("\n")
      .replace("pred = clf", "limit = 150\npred = clf"),
  ]);
  return {
    notebook,
    record: record({
      source: source(
        { "0": "float64", "1": "float64", "2": "float64" },
        { name: "data", kind: "array", call: "np.load('x.npy')" },
      ),
      imports: [notebook.imported(1, "import numpy as np", "np")],
      features: [
        notebook.piece(2, "X = data[:, :2] - data[:, :2].mean(axis=0)", {
          edits: [["data[:, :2].mean(axis=0)", "frozen.data_mean"]],
          binds: ["X"],
          reads: ["data"],
        }),
      ],
      result: notebook.expression(2, "X"),
      post: [
        notebook.piece(2, "pred = np.exp(pred)", { binds: ["pred"], reads: ["np", "pred"] }),
        notebook.piece(2, "answer = [names[bool(p > limit)]\n          for p in pred]", {
          binds: ["answer"],
          reads: ["names", "pred", "limit"],
        }),
      ],
      post_input: "pred",
      post_result: "answer",
      frozen: [frozen("data_mean", null), liveIn("names", null), liveIn("limit", null)],
      models: [model("clf", "LinearRegression")],
    }),
    frozen: { data_mean: "data[:, :2].mean(axis=0)", names: "names", limit: "limit" },
    models: { clf: "clf" },
    raw: "raw",
    features: "X",
    predictions: "answer",
  };
}

/** Makes each case afresh, by name. */
export const CASES: [name: string, make: () => Case][] = Object.entries({ byHand, clashes, scopes, afterwards });
