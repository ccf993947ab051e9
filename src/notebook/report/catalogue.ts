import type { Call } from "../python/calls.js";

/** Reads rows from somewhere: pandas, polars, numpy, scikit-learn's and seaborn's data sets and their like. */
export function isSource(call: Call): boolean {
  const { callee, method } = call;
  if (
    /^(pandas|polars|geopandas|dask\.dataframe|cudf|modin\.pandas|vaex|pyarrow\.\w+|pyreadstat)\.(read_\w+|scan_\w+|open|from_csv)$/.test(
      callee,
    )
  )
    return true;
  if (/^numpy\.(loadtxt|genfromtxt|load|fromfile|recfromcsv)$/.test(callee)) return true;
  if (/^sklearn\.datasets\.(load|fetch|make)_\w+$/.test(callee)) return true;
  if (
    /\b(read_csv|read_table|read_excel|read_parquet|read_sql(_query|_table)?|read_json|read_pickle|read_feather|read_hdf)$/.test(
      callee,
    )
  )
    return true;
  if (
    /(^|\.)load_(dataset|data|pandas|iris|boston|breast_cancer|wine|digits|diabetes|titanic)$|(^|\.)(fetch|make)_(california_housing|20newsgroups|openml|classification|regression|blobs|moons)$/.test(
      callee,
    )
  )
    return true;
  return method === "read" && /(^|\.)spark\b/.test(callee);
}

/** Makes rows out of constants: the source of small notebooks, after everything else. */
export function isTableLiteral(call: Call): boolean {
  return /^(pandas|polars)\.DataFrame(\.from_\w+)?$/.test(call.callee);
}

const FIT =
  /^(fit|fit_transform|fit_predict|partial_fit|fit_generator|fit_resample|fit_sample|fit_one_cycle|train_model)$/;
const PREDICT =
  /^(predict|predict_proba|predict_log_proba|decision_function|predict_classes|predict_generator|score_samples|forecast|get_forecast|get_prediction|fit_predict)$/;

export function isFit(call: Call): boolean {
  return call.receiver !== null && FIT.test(call.method);
}

export function isPrediction(call: Call): boolean {
  return call.receiver !== null && PREDICT.test(call.method);
}

/** The class that a training function gives (`xgboost.train(parameters, rows)`), or null for any other call. */
export function trainedBy(call: Call): string | null {
  const library = /^(xgboost|lightgbm)\.train$/.exec(call.callee)?.[1];
  return library === undefined ? null : `${library}.Booster`;
}

/** The node of what a call saves as a model file, or null when it saves none. */
export function dumped(call: Call): Call["node"] | null {
  if (
    /^(pickle|joblib|dill|cloudpickle|sklearn\.externals\.joblib|_pickle|cPickle|pickle5|torch|skops\.io)\.(dump|dumps|save)$/.test(
      call.callee,
    )
  ) {
    return call.args[0] ?? null;
  }
  return /^(save|save_model|save_weights|export)$/.test(call.method) && call.receiver?.type === "identifier"
    ? call.receiver
    : null;
}

export function isSplit(call: Call): boolean {
  return call.method === "train_test_split";
}

const TRANSFORMERS =
  /(Scaler|Encoder|Imputer|Vectorizer|Transformer|Normalizer|Binarizer|Discretizer|Selector|Sampler|Features|Tokenizer|Reducer)$|^(PCA|KernelPCA|IncrementalPCA|SparsePCA|TruncatedSVD|NMF|FastICA|TSNE|UMAP|SelectKBest|SelectPercentile|SelectFromModel|RFE|RFECV|SMOTE\w*|ADASYN|Random(Over|Under)Sampler|NearMiss|TomekLinks|ColumnTransformer|FeatureUnion|Isomap|MDS|LDiA|LatentDirichletAllocation|DictVectorizer|HashingVectorizer|PolynomialFeatures|SplineTransformer|make_column_transformer|make_union|ImageDataGenerator|ProfileReport)$/;

/** Classes that prepare what a model is given, and are no model themselves. */
export function isTransformer(className: string): boolean {
  return TRANSFORMERS.test(className);
}

const LEARNS_NO_STATISTIC =
  /^(Label(Encoder|Binarizer)|MultiLabelBinarizer|OneHotEncoder|OrdinalEncoder|Normalizer|Binarizer|PolynomialFeatures|FunctionTransformer|HashingVectorizer)$/;

/** Transformers that learn at most which values there are: fitting them on all rows flatters no score. */
export function learnsNoStatistic(className: string): boolean {
  return LEARNS_NO_STATISTIC.test(className);
}

const MODEL_MODULES =
  /^(sklearn|xgboost|lightgbm|catboost|statsmodels|keras|tensorflow|torch|imblearn|mlxtend|prophet|fbprophet|pmdarima|sktime|pycaret|autosklearn|tpot|hdbscan|implicit|surprise|lifelines|interpret|ngboost|flaml|autogluon|h2o|skorch)\b/;

/** Whether a class comes from a library of models, by its full name. */
export function isFromModelLibrary(fullName: string): boolean {
  return MODEL_MODULES.test(fullName);
}

/** Reductions of rows to a value: what scoring must not compute again. */
export const REDUCTION =
  /^(mean|median|mode|std|var|min|max|sum|quantile|unique|nunique|value_counts|describe|skew|kurt|corr|cov|count|idxmax|idxmin|nlargest|nsmallest|agg|aggregate|tolist|to_dict|any|all)$/;

/** Shows something or measures the result: no value of the model depends on it. */
export const DISPLAY =
  /^(print|pprint|display|head|tail|info|describe|sample|show|plot|hist|boxplot|scatter|bar|barh|pie|figure|subplot|subplots|title|xlabel|ylabel|legend|tight_layout|savefig|heatmap|pairplot|countplot|distplot|histplot|barplot|lineplot|scatterplot|violinplot|kdeplot|catplot|set_style|set_theme|use|rcParams|grid|xticks|yticks|axis|text|imshow|colorbar|set|set_title|set_xlabel|set_ylabel|value_counts|corr|matshow|set_option|filterwarnings|simplefilter|memory_usage|isnull|isna|sum|nunique|unique|duplicated)$/;

export const METRIC =
  /(_score|_error|_report|_matrix|_curve|_loss|_deviance)$|^(auc|score|evaluate|cross_val_\w+|cross_validate|learning_curve|RocCurveDisplay|from_estimator|from_predictions)$/;
