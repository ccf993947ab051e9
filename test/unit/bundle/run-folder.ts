import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { WriteBundleInput } from "../../../src/actions/bundle/index.js";
import type { ContractColumn } from "../../../src/core/contract.js";
import type { Context } from "../../../src/core/events.js";
import { layoutOf } from "../../../src/project/layout.js";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export function context(cwd: string): Context {
  return {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd },
    emit: () => undefined,
    signal: new AbortController().signal,
    now: () => Date.now(),
  };
}

export interface RunChanges {
  median?: number;
  trees?: number;
  seconds?: number;
  model?: string;
  score?: string;
  nullable?: boolean;
  equal?: boolean;
}

const SCORE = `"""Scores rows of churn.csv."""
from iapp_runtime.score.replay import Frozen, Model, rows_in

frozen = Frozen("frozen.json")
clf = Model("clf")


def features(rows):
    df = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)
    # cell 2
    df["age"] = df["age"].fillna(frozen.age_median)
    return df[["age"]]


def predict(rows):
    return clf.predict(features(rows))
`;

/** A project folder with the files a proved run leaves; returns what `writeBundle` is given. */
export async function makeRun(root: string, run: string, changes: RunChanges = {}): Promise<WriteBundleInput> {
  const runDir = join(root, ".iapp", "runs", run);
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  };
  const json = (name: string, document: unknown): Promise<void> => put(join(runDir, name), JSON.stringify(document));
  const notebook = join(root, "churn.ipynb");
  await put(notebook, '{"cells": [], "nbformat": 4}');
  await put(join(root, "churn.csv"), "age,Churn\n1,No\n");
  const column: ContractColumn = {
    name: "age",
    type: "number",
    dtype: "float64",
    required: true,
    nullable: changes.nullable ?? true,
    missing_seen: 3,
    min: 18,
    max: 80,
    categories: null,
    example: 41,
    default: null,
    target: false,
  };
  const contract: WriteBundleInput["contract"] = {
    schema: "iapp.contract/1",
    rows: "table",
    columns: [column],
    output: { task: "classification", type: "string", classes: ["No", "Yes"], proba: true },
    limits: { rows: 10_000, body_bytes: 16_777_216, string_length: 100_000 },
    strict: false,
  };
  const verification: WriteBundleInput["verification"] = {
    schema: "iapp.verification/1",
    equal: changes.equal ?? true,
    rows: { batch: 100, single: 60, required_only: 60 },
    features: { equal: true, max_difference: 0 },
    predictions: { equal: true, max_difference: 0, tolerance: "bit-equal in the batch; 1e-9 relative row by row" },
    first_difference: null,
    error: null,
    seconds: changes.seconds ?? 1.25,
    python: "3.11.7",
    packages: { pandas: "3.1.1", "scikit-learn": "1.9.1" },
  };
  const record: WriteBundleInput["record"] = {
    schema: "iapp.record/1",
    status: "ok",
    refusal: null,
    python: "3.11.7",
    packages: { pandas: "3.1.1", matplotlib: "3.11.2", "scikit-learn": "1.9.1" },
    served: {
      name: "clf",
      class: "RandomForestClassifier",
      module: "sklearn.ensemble._forest",
      cell: 3,
      line: 2,
      method: "predict",
      why: "its predictions were scored last",
      confidence: "certain",
      alternatives: [],
    },
    source: {
      name: "df",
      cell: 1,
      line: 1,
      call: 'pd.read_csv("churn.csv")',
      kind: "frame",
      rows: 100,
      columns: [{ name: "age", dtype: "float64" }],
      target: "Churn",
    },
    cells: [
      { cell: 1, verdict: "train", reason: "reads the raw table" },
      { cell: 2, verdict: "score", reason: "fills holes in age" },
      { cell: 3, verdict: "train", reason: "fits clf" },
    ],
    failures: [],
    imports: [],
    definitions: [],
    features: [],
    result: null,
    predict: { model: "clf", call: "clf.predict({X})", returns: "prediction" },
    proba: "clf.predict_proba({X})",
    classes: ["No", "Yes"],
    post: [],
    post_input: null,
    post_result: null,
    task: "classification",
    frozen: [
      {
        name: "age_median",
        access: "constant",
        value: { $: "np", dtype: "float64", v: changes.median ?? 41 },
        origin: { cell: 2, span: [10, 30], text: "df.age.median()" },
        summary: String(changes.median ?? 41),
      },
      {
        name: "edges",
        access: "constant",
        value: { $: "array", file: "frozen/edges.npy" },
        origin: { cell: 2, span: null, text: "np.quantile(df.age, q)" },
        summary: "4 numbers",
      },
    ],
    models: [
      {
        name: "clf",
        class: "RandomForestClassifier",
        file: "objects/clf.pkl",
        access: "constant",
        keys: null,
        origin: { cell: 3, text: "clf.fit(X, y)" },
        main_names: [],
      },
    ],
    helpers: [],
    checks: [{ cell: 2, text: "rows where age is negative", dropped: 2, of: 102, columns: ["age"] }],
    warnings: [{ code: "seed", cell: 3, line: 1, text: "train_test_split has no random_state" }],
    timing: { run_seconds: 3, user_seconds: 2.9, tracking_seconds: 0.1 },
    data_files: [{ path: join(root, "churn.csv"), sha256: sha256("age,Churn\n1,No\n"), bytes: 15, cell: 1 }],
    modules: [],
  };
  await put(join(runDir, "score.py"), changes.score ?? SCORE);
  await put(join(runDir, "objects", "clf.pkl"), changes.model ?? "pickle of a forest");
  await put(join(runDir, "frozen", "edges.npy"), "1 2 3 4");
  await put(join(runDir, "frozen", "orphan.npy"), "not named by any value");
  await put(join(runDir, "modules", "helpers", "text.py"), "def clean(text): return text\n");
  await json("score.map.json", []);
  await json("contract.json", contract);
  await json("profile.json", { schema: "iapp.profile/1", rows: 100, features: [], prediction: null, score: null });
  await json("examples.json", { rows: [{ age: 41 }], predictions: ["No"] });
  await json("verification.json", verification);
  await json("probe.json", {
    models: {
      clf: { class: "RandomForestClassifier", params: { n_estimators: changes.trees ?? 100, max_depth: null } },
    },
  });
  await json("executed.ipynb", {
    nbformat: 4,
    cells: [
      {
        cell_type: "code",
        source: "df.age.median()",
        outputs: [{ output_type: "execute_result", data: { "text/plain": "41.0" } }],
      },
    ],
  });
  return {
    runDir,
    layout: layoutOf(root),
    name: "churn",
    program: {
      schema: "iapp.program/1",
      order: null,
      remarks: [],
      missing: {},
      answers: {},
      paths: {},
      notebook,
      workdir: root,
      language_version: "3.11",
      cells: [],
      parameters: [{ name: "n_trees", value: changes.trees ?? 100, how: "assign", cell: 1, span: [0, 3] }],
      serve: { name: null, cell: null },
      limits: { cell_seconds: null, run_seconds: null, output_bytes_per_cell: 1_000_000 },
      stop_on_error: false,
      env: {},
    },
    record,
    contract,
    verification,
    agreement: null,
    trainingLock: "pandas==3.1.1\nmatplotlib==3.11.2\n",
    scoringLock: "pandas==3.1.1\n",
  };
}
