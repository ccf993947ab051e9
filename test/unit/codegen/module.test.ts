import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generate, HELPERS, type ScoreMapEntry } from "../../../src/codegen/index.js";
import type { ContractColumn, ContractDocument, RecordDocument } from "../../../src/core/contract.js";
import { frozen, liveIn, model, record, TestNotebook, type TextEdit } from "./build.js";
import { CASES } from "./cases.js";
import { compile, python } from "./python.js";

const CHURN = new TestNotebook([
  "import pandas as pd\nimport numpy as np, seaborn as sns\nfrom sklearn.preprocessing import LabelEncoder, StandardScaler",
  'df = pd.read_csv("data/churn.csv")\ndf.head()',
  [
    "# a missing age is the median",
    "df['age'] = df['age'].fillna(df['age'].median())  # as agreed",
    "df = df.dropna(subset=['fee'])",
    "",
    "def band(fee):",
    "    # cheap or not",
    "    return 'low' if fee < limit else 'high'",
  ].join("\n"),
  "num_cols = ['age', 'fee']\ndf['band'] = df['fee'].map(band)",
  "df = pd.get_dummies(df, columns=['plan',\n  'band'])",
  "clf.fit(df[columns], y)\nprint(clf.predict(df[columns]))",
]);

function churn() {
  return record({
    imports: [
      CHURN.imported(1, "import pandas as pd", "pd"),
      CHURN.imported(1, "import numpy as np, seaborn as sns", "np", "sns"),
    ],
    definitions: [
      CHURN.definition(
        3,
        "def band(fee):\n    # cheap or not\n    return 'low' if fee < limit else 'high'",
        ["band"],
        ["limit"],
      ),
    ],
    features: [
      CHURN.piece(3, "df['age'] = df['age'].fillna(df['age'].median())", {
        edits: [["df['age'].median()", "frozen.age_median"]],
        binds: ["df"],
        reads: ["df"],
      }),
      CHURN.piece(3, "df = df.dropna(subset=['fee'])", {
        edits: [
          ["df = df.dropna(subset=['fee'])", 'check({0}.notna().all(axis=1), "cell 3: fee is missing")', "df"],
          ["df", "df[['fee']]"],
        ],
        reads: ["df"],
      }),
      CHURN.piece(4, "df['band'] = df['fee'].map(band)", { binds: ["df"], reads: ["df", "band"] }),
      CHURN.piece(5, "df = pd.get_dummies(df, columns=['plan',\n  'band'])", {
        edits: [
          [
            "pd.get_dummies(df, columns=['plan',\n  'band'])",
            "dummies({0}, frozen.dummy_columns, columns={1})",
            "df",
            "['plan',\n  'band']",
          ],
        ],
        binds: ["df"],
        reads: ["df", "pd"],
      }),
    ],
    result: CHURN.expression(6, "df[columns]"),
    frozen: [
      liveIn("limit", 20, "20"),
      liveIn("columns", ["age", "fee"], "2 names"),
      frozen("age_median", { $: "float", v: "40.0" }, { summary: "40.0" }),
      frozen("dummy_columns", ["age"], { summary: "7 names" }),
    ],
    proba: "clf.predict_proba({X})",
    classes: ["no", "yes"],
  });
}

const column = (name: string, parts: Partial<ContractColumn>): ContractColumn => ({
  name,
  type: "number",
  dtype: "float64",
  required: true,
  nullable: false,
  missing_seen: 0,
  min: null,
  max: null,
  categories: null,
  example: null,
  default: null,
  target: false,
  ...parts,
});
const CONTRACT: ContractDocument = {
  schema: "iapp.contract/1",
  rows: "table",
  columns: [
    column("age", { type: "integer" }),
    column("plan", { type: "string" }),
    column("fee", { required: false, default: 9.5 }),
  ],
  output: { task: "classification", type: "string", classes: null, proba: true },
  limits: { rows: 1, body_bytes: 1, string_length: 1 },
  strict: false,
};

const MODULE = `"""Scores rows of churn.csv as churn.ipynb does (served: clf, a LogisticRegression fitted in cell 5).
Proved on 6 of 6 rows: features equal, predictions equal."""

from iapp_runtime.score.replay import Frozen, Model, check, dummies, rows_in

frozen = Frozen("frozen.json")  # age_median: 40.0; dummy_columns: 7 names
limit = frozen.limit  # 20
clf = Model("clf")  # LogisticRegression, fitted in cell 5

REQUIRED = {"age": int, "plan": str}
OPTIONAL = {"fee": 9.5}  # never change what the model is given
SOURCE = {"kind": "frame", "columns": {"age": "int64", "plan": "object", "fee": "float64"}}
MODEL_CLASSES = ["no", "yes"]


# cell 3
def band(fee):
    # cheap or not
    return 'low' if fee < limit else 'high'


def features(rows):
    """What the model is given for these rows, in their order."""
    # cell 2: the notebook reads pd.read_csv("data/churn.csv")
    df = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)
    columns = frozen.columns  # 2 names
    # cell 3
    # a missing age is the median
    df['age'] = df['age'].fillna(frozen.age_median)  # as agreed
    check(df[['fee']].notna().all(axis=1), "cell 3: fee is missing")
    # cell 4
    df['band'] = df['fee'].map(band)
    # cell 5
    df = dummies(df, frozen.dummy_columns, columns=['plan',
      'band'])
    # cell 6
    return df[columns]


def predict(rows):
    return clf.predict(features(rows))


def predict_proba(rows):
    return clf.predict_proba(features(rows))
`;

describe("the scoring module", () => {
  it("reads like the notebook", () => {
    const proof = "Proved on 6 of 6 rows: features equal, predictions equal.";
    expect(generate(CHURN.program, churn(), CONTRACT, { proof })["score.py"]).toBe(MODULE);
  });

  it("maps its lines to the pieces", () => {
    const { "score.py": source, "score.map.json": map } = generate(CHURN.program, churn(), CONTRACT);
    const lines = source.split("\n");
    const found = (JSON.parse(map) as ScoreMapEntry[]).map(({ line, end_line, cell, piece }) => [
      cell,
      piece,
      lines[line - 1]!.trim().slice(0, 9),
      end_line - line,
    ]);
    expect(found).toEqual([
      [3, 0, "df['age']", 0],
      [3, 1, "check(df[", 0],
      [4, 2, "df['band'", 0],
      [5, 3, "df = dumm", 1],
      [6, null, "return df", 0],
    ]);
  });

  it("requires every column without a contract", () => {
    const source = generate(CHURN.program, churn(), null)["score.py"];
    expect(source).toContain('REQUIRED = {"age": int, "plan": str, "fee": float}\nOPTIONAL = {}');
  });

  describe("begins the request before anything learned is read", () => {
    const READ: TextEdit = ["pd.read_csv('x.csv')", "rows_in(rows, SOURCE, REQUIRED, OPTIONAL)"];
    const body = (
      cells: string[],
      make: (notebook: TestNotebook) => Partial<RecordDocument>,
      result: string,
    ): string[] => {
      const notebook = new TestNotebook(cells);
      const parts = { ...make(notebook), result: notebook.expression(cells.length, result) };
      const source = generate(notebook.program, record(parts), null)["score.py"];
      const lines = source.split('in their order."""\n')[1]!.split("\n\n")[0]!.split("\n");
      return lines.map((line) => line.slice(4));
    };

    it("where the notebook reads the table first", () => {
      const cells = ["df = pd.read_csv('x.csv')", "X = df[cols]"];
      const read = (notebook: TestNotebook) => notebook.piece(1, cells[0]!, { edits: [READ], binds: ["df"] });
      const plain = body(cells, (notebook) => ({ features: [read(notebook)] }), "df");
      expect(plain).toEqual(["# cells 1-2", "df = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)", "return df"]);
      const learned = body(
        cells,
        (notebook) => ({ features: [read(notebook)], frozen: [liveIn("cols", ["a"])] }),
        "df[cols]",
      );
      expect(learned).toEqual([
        "# cell 1",
        "df = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)",
        "cols = frozen.cols",
        "# cell 2",
        "return df[cols]",
      ]);
    });

    it("where something comes before", () => {
      const cells = ["base = 1\ndf = pd.read_csv('x.csv').copy()", "df"];
      const features = (notebook: TestNotebook) => [
        notebook.piece(1, "base = 1", { binds: ["base"] }),
        notebook.piece(1, "df = pd.read_csv('x.csv').copy()", { edits: [READ], binds: ["df"] }),
      ];
      expect(body(cells, (notebook) => ({ features: features(notebook) }), "df")).toEqual([
        "request = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)",
        "# cell 1",
        "base = 1",
        "df = request.copy()",
        "# cell 2",
        "return df",
      ]);
    });

    it("where it reads the table twice: two tables", () => {
      const cells = ["df = pd.read_csv('x.csv')\nother = pd.read_csv('x.csv')", "df"];
      const features = (notebook: TestNotebook) =>
        ["df = pd.read_csv('x.csv')", "other = pd.read_csv('x.csv')"].map((text) =>
          notebook.piece(1, text, { edits: [READ], binds: [text.split(" ")[0]!] }),
        );
      expect(body(cells, (notebook) => ({ features: features(notebook) }), "df").slice(0, 4)).toEqual([
        "request = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)",
        "# cell 1",
        "df = request.copy()",
        "other = request.copy()",
      ]);
    });

    it("where a function reads it", () => {
      const cells = ["def load():\n    return pd.read_csv('x.csv')", "df = load()", "df"];
      const parts = (notebook: TestNotebook) => ({
        definitions: [notebook.definition(1, cells[0]!, ["load"], ["rows"], [READ])],
        features: [notebook.piece(2, "df = load()", { binds: ["df"], reads: ["load"] })],
      });
      expect(body(cells, parts, "df")).toEqual([
        "request = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)",
        "# cell 1",
        "def load():",
        "    return request.copy()",
        "# cells 2-3",
        "df = load()",
        "return df",
      ]);
    });
  });

  it("restores a model that needs the notebook's classes after them", () => {
    const notebook = new TestNotebook(["class Clean:\n    pass", "df"]);
    const definitions = [notebook.definition(1, "class Clean:\n    pass", ["Clean"])];
    const models = [model("clf", "Pipeline", { main_names: ["Clean"] }), model("sc", "StandardScaler")];
    const generated = generate(
      notebook.program,
      record({ definitions, models, result: notebook.expression(2, "df") }),
      null,
    );
    const order = ['sc = Model("sc")', "class Clean:", 'clf = Model("clf")', "def features("];
    const places = order.map((text) => generated["score.py"].indexOf(text));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThan(0);
  });

  it("joins one-line cells that follow each other, and keeps notes of what is not checked", () => {
    const notebook = new TestNotebook(["a = df + 1", "b = a + 1", "c = b + 1\nd = c", "e = d", "df = df[m]"]);
    const features = [
      notebook.piece(1, "a = df + 1", { binds: ["a"] }),
      notebook.piece(2, "b = a + 1", { binds: ["b"] }),
      notebook.piece(3, "c = b + 1", { binds: ["c"] }),
      notebook.piece(3, "d = c", { binds: ["d"] }),
      notebook.piece(4, "e = d", { binds: ["e"] }),
      notebook.piece(5, "df = df[m]", { edits: [["df = df[m]", ""]], note: "outliers by price: not checked" }),
    ];
    const source = generate(notebook.program, record({ features, result: notebook.expression(4, "d") }), null)[
      "score.py"
    ];
    expect(
      source
        .split("OPTIONAL)\n")[1]!
        .split("\n\n")[0]!
        .split("\n")
        .map((line) => line.trim()),
    ).toEqual([
      "# cells 1-2",
      "a = df + 1",
      "b = a + 1",
      "# cell 3",
      "c = b + 1",
      "d = c",
      "# cell 4",
      "e = d",
      "# cell 5",
      "# outliers by price: not checked",
      "# cell 4",
      "return d",
    ]);
  });

  it("lists what is frozen, one a line when there is much, and cuts the list", () => {
    const values = Array.from({ length: 14 }, (_, i) =>
      frozen(`a_rather_long_name_${i}`, i, { summary: `value\n${i}` }),
    );
    const source = generate(CHURN.program, { ...churn(), frozen: values }, null)["score.py"];
    expect(source).toContain("# Learned in training:\n#   a_rather_long_name_0: value 0\n");
    expect(source).toContain("#   and 2 more\nfrozen = Frozen(");
  });

  it("finds the notebook's local modules beside itself", () => {
    const notebook = new TestNotebook(["import cleaning", "cleaning.clean(df)"]);
    const imports = [notebook.imported(1, "import cleaning", "cleaning")];
    const result = notebook.expression(2, "cleaning.clean(df)");
    const modules = [{ path: "cleaning.py", sha256: "0" }];
    const source = generate(notebook.program, record({ imports, result, modules }), null)["score.py"];
    expect(source).toContain(
      'from iapp_runtime.score.replay import Model, rows_in, use_modules\n\nuse_modules("modules")\nimport cleaning\n',
    );
  });

  it("gives hostile names of files and columns no way into the code", () => {
    const hostile = 'x"""\nimport os\n\\';
    const notebook = new TestNotebook(["df"]);
    const plain = record({ result: notebook.expression(1, "df") });
    const source = {
      ...plain.source!,
      call: `pd.read_csv('${hostile}')`,
      columns: [{ name: hostile, dtype: "int64" }],
    };
    const generated = generate({ ...notebook.program, notebook: `/a/${hostile}.ipynb` }, { ...plain, source }, null);
    expect(generated["score.py"]).not.toMatch(/^import os/m);
    if (python !== null) compile(generated["score.py"]);
  });

  it("warns of calls that see other variables inside a function", () => {
    const notebook = new TestNotebook(["x = globals()['df']", "x"]);
    const features = [notebook.piece(1, "x = globals()['df']", { binds: ["x"] })];
    const { warnings } = generate(notebook.program, record({ features, result: notebook.expression(2, "x") }), null);
    expect(warnings).toEqual(["the scoring code calls globals(), which sees other variables in a module"]);
  });

  it("is not made of a refused record, or of one that contradicts the program", () => {
    expect(() => generate(CHURN.program, { ...churn(), status: "refused" }, null)).toThrow("the record is refused");
    const elsewhere = { ...churn(), result: { ...churn().result!, cell: 99 } };
    expect(() => generate(CHURN.program, elsewhere, null)).toThrow("cell 99");
  });
});

describe.skipIf(python === null)("Python accepts", () => {
  it.each(CASES)("the module of %s", (_, make) => {
    const { notebook, record: recorded } = make();
    compile(generate(notebook.program, recorded, null)["score.py"]);
  });

  it("the module of the notebook above", () => compile(MODULE));
});

describe("helpers", () => {
  it("are the ones that the runtime offers", () => {
    const path = new URL("../../../src/runtime/iapp_runtime/score/replay/__init__.py", import.meta.url);
    const offered = new Set([...readFileSync(path, "utf8").matchAll(/"(\w+)"/g)].map(([, name]) => name!));
    offered.add("Refused").add("row_count");
    expect([...HELPERS].filter((name) => !offered.has(name))).toEqual([]);
  });
});
