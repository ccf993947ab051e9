import { nearest } from "../../core/near.js";
import type { AnalysedCell } from "../analysis.js";
import type { Notebook } from "../notebook.js";
import type { FlowStatement } from "./flow.js";
import { textsOf } from "./stored-text.js";

/** What is looked at to tell where a name was meant to come from. */
export interface Surroundings {
  cells: readonly AnalysedCell[];
  flow: readonly FlowStatement[];
  notebook: Notebook;
}

/** Names that nearly everybody means the same by. */
const USUAL: Record<string, string> = {
  pd: "import pandas as pd",
  np: "import numpy as np",
  plt: "import matplotlib.pyplot as plt",
  sns: "import seaborn as sns",
  px: "import plotly.express as px",
  tf: "import tensorflow as tf",
  keras: "from tensorflow import keras",
  torch: "import torch",
  nn: "from torch import nn",
  sm: "import statsmodels.api as sm",
  smf: "import statsmodels.formula.api as smf",
  stats: "from scipy import stats",
  xgb: "import xgboost as xgb",
  lgb: "import lightgbm as lgb",
  pl: "import polars as pl",
  dt: "import datetime as dt",
  train_test_split: "from sklearn.model_selection import train_test_split",
  cross_val_score: "from sklearn.model_selection import cross_val_score",
  GridSearchCV: "from sklearn.model_selection import GridSearchCV",
  accuracy_score: "from sklearn.metrics import accuracy_score",
  confusion_matrix: "from sklearn.metrics import confusion_matrix",
  classification_report: "from sklearn.metrics import classification_report",
  mean_squared_error: "from sklearn.metrics import mean_squared_error",
  r2_score: "from sklearn.metrics import r2_score",
  StandardScaler: "from sklearn.preprocessing import StandardScaler",
  MinMaxScaler: "from sklearn.preprocessing import MinMaxScaler",
  LabelEncoder: "from sklearn.preprocessing import LabelEncoder",
  OneHotEncoder: "from sklearn.preprocessing import OneHotEncoder",
  LinearRegression: "from sklearn.linear_model import LinearRegression",
  LogisticRegression: "from sklearn.linear_model import LogisticRegression",
  RandomForestClassifier: "from sklearn.ensemble import RandomForestClassifier",
  RandomForestRegressor: "from sklearn.ensemble import RandomForestRegressor",
};
const STANDARD =
  /^(os|sys|re|json|math|random|time|datetime|pickle|glob|itertools|collections|warnings|string|copy|csv)$/;

/** What to do about a name that no cell defines: what it was probably meant to be, and what the file still shows of it. */
export function originOf(name: string, user: AnalysedCell, { cells, flow, notebook }: Surroundings): string {
  const usual =
    USUAL[name] ??
    (STANDARD.test(name) || /^(joblib|sklearn|pandas|numpy|scipy)$/.test(name) ? `import ${name}` : undefined);
  if (usual !== undefined) return `Probably \`${usual}\` is meant: put it above cell ${user.cell}.`;
  const near = nearestDefined(name, user, flow);
  return [
    "It was only in the author's kernel.",
    near === undefined ? null : `Did you mean \`${near.name}\` (cell ${near.cell})?`,
    shownIn(name, notebook),
    gapAbove(user, cells),
    `Define \`${name}\` in a cell above cell ${user.cell}.`,
  ]
    .filter((sentence) => sentence !== null)
    .join(" ");
}

/** Case and joiners are what most slips are about; of the near ones, the one that was defined last. */
function nearestDefined(
  name: string,
  user: AnalysedCell,
  flow: readonly FlowStatement[],
): { name: string; cell: number } | undefined {
  const defined = new Map<string, number>();
  for (const { names, cell } of flow)
    for (const one of names.binds) if (one !== name && cell <= user.cell) defined.set(one, cell);
  const plain = (text: string): string => text.toLowerCase().replaceAll("_", "");
  const same = [...defined.keys()].find((one) => plain(one) === plain(name));
  const found = same ?? (name.length < 3 ? undefined : nearest(name, defined.keys(), 1)[0]);
  return found === undefined ? undefined : { name: found, cell: defined.get(found)! };
}

/** `%whos` and the like list what was there, also what no cell defines. Short names are in any text. */
function shownIn(name: string, { code }: Notebook): string | null {
  if (name.length < 4) return null;
  const word = new RegExp(`(?<![\\p{L}\\p{N}_])${name}(?![\\p{L}\\p{N}_])`, "u");
  const cell = code.find(({ outputs }) =>
    outputs.some((output) => output.output_type !== "error" && textsOf(output).some((text) => word.test(text))),
  );
  return cell === undefined ? null : `The stored output of cell ${cell.cell} still shows the name.`;
}

/** Numbers that are missing between two neighbouring cells: cells that were deleted, or run again, in between. */
function gapAbove(user: AnalysedCell, cells: readonly AnalysedCell[]): string | null {
  const known = new Set(cells.map(({ notebookCell }) => notebookCell.executionCount));
  const count = user.notebookCell.executionCount;
  if (count === null) return null;
  const missing = Array.from({ length: count - 1 }, (_, i) => i + 1).filter((one) => !known.has(one));
  if (missing.length === 0) return null;
  const shown = missing.length > 4 ? [...missing.slice(0, 4), "others"] : missing;
  const [is, them] =
    missing.length > 1
      ? ["executions", "are in no cell any more: one of them"]
      : ["execution", "is in no cell any more: it"];
  return `Before this cell's execution (number ${count}), ${is} ${shown.join(", ")} ${them} may have defined it.`;
}
