import { type ApiRange, exactRange, looseRange, rangesEnding } from "./facts.js";

/** What is known of a statement that failed. */
export interface Failed {
  ename: string;
  evalue: string;
  /** The statement or its cell, as written. */
  source: string;
}

const below = (module: string, version: string): ApiRange => ({ module, below: version, from: null });

/**
 * Messages of today's libraries about yesterday's code, where no name or parameter is gone but something is done differently.
 */
const SIGNATURES: { error: RegExp; source?: RegExp; range: ApiRange }[] = [
  // Reductions and correlations left out columns of texts by themselves until pandas 2.
  {
    error:
      /could not convert string to float|[Cc](ould not|annot) convert .* to numeric|has no kernel matching input types|does not support operation '(mean|median|std|var|sem|skew|kurt|prod|sum)'|agg function failed|[Cc]annot perform reduction|unsupported operand type\(s\) for [-+/]: '(str|int)'/,
    source: /\.(corr|corrwith|cov|mean|median|std|var|sem|skew|kurt|prod|quantile|mad)\(|\.agg|heatmap|pivot_table/,
    range: below("pandas", "2.0"),
  },
  {
    error: /takes (from \d+ to )?\d+ positional arguments? but \d+ (positional arguments? )?(was|were) given/,
    source: /\.drop\(|concat\(|\.dropna\(|\.sort_values\(|\.set_index\(/,
    range: below("pandas", "2.0"),
  },
  { error: /Must have equal len keys and value|columns overlap but no suffix/, range: below("pandas", "2.0") },
  // Texts became a type of their own, selections became copies, and offsets got other letters with pandas 3.
  {
    error: /dtype '?str'?\b|ArrowStringArray|StringDtype|Invalid value .* for dtype|LossySetitem|ChainedAssignment/,
    range: below("pandas", "3.0"),
  },
  { error: /(assignment|output array) .*read-only|array is read-only/, range: below("pandas", "3.0") },
  { error: /Invalid frequency: |is no longer supported for offsets/, range: below("pandas", "3.0") },
  { error: /inhomogeneous shape|setting an array element with a sequence/, range: below("numpy", "1.24") },
  {
    error:
      /numpy\.dtype size changed|compiled using NumPy 1\.x|numpy\.core\.multiarray failed to import|np\.\w+` was removed in the NumPy 2/,
    range: below("numpy", "2.0"),
  },
  { error: /is not a valid package style/, range: below("matplotlib", "3.8") },
  { error: /'super' object has no attribute '__sklearn_tags__'|__sklearn_tags__/, range: below("sklearn", "1.6") },
  { error: /check_X_y\(\) got an unexpected|force_all_finite/, range: below("sklearn", "1.6") },
  { error: /The 'liblinear' solver does not support multiclass/, range: below("sklearn", "1.8") },
  { error: /Feature names are only supported|all column names to be strings/, range: below("sklearn", "1.2") },
];

/** Version ranges in which the failed statement may have run, best first; none when the error is no question of versions. */
export function rangesOf({ ename, evalue, source }: Failed): ApiRange[] {
  if (
    /^(NameError|FileNotFoundError|KeyboardInterrupt|MemoryError|SyntaxError|IndentationError|LookupError)$/.test(ename)
  )
    return [];
  const named = namesIn(evalue, source).filter(({ below: end }) => end !== null);
  if (named.length > 0) return named;
  return SIGNATURES.filter((one) => one.error.test(`${ename}: ${evalue}`) && (one.source?.test(source) ?? true))
    .slice(0, 1)
    .map(({ range }) => range);
}

function namesIn(evalue: string, source: string): ApiRange[] {
  const exact = (name: string): ApiRange[] => {
    const range = exactRange(name);
    return range === undefined ? [] : [range];
  };
  const [, module, attribute] = /module '([\w.]+)' has no attribute '(\w+)'/.exec(evalue) ?? [];
  if (module !== undefined) return exact(`${module}.${attribute}`);
  const [, name, from] = /cannot import name '(\w+)' from '([\w.]+)'/.exec(evalue) ?? [];
  if (name !== undefined) return [...exact(`${from}.${name}`), ...exact(from!)];
  const missing = /No module named '([\w.]+)'/.exec(evalue)?.[1];
  if (missing?.includes(".")) return exact(missing);
  const [, owner, member] = /'(\w+)' object has no attribute '(\w+)'/.exec(evalue) ?? [];
  if (owner !== undefined) {
    const loose = looseRange(member!);
    return [...rangesEnding(`${owner}.${member}`), ...(loose === undefined ? [] : [loose])];
  }
  const [, callee, keyword] = /(\w+(?:\.\w+)?)\(\) got an unexpected keyword argument '(\w+)'/.exec(evalue) ?? [];
  if (callee !== undefined) return rangesEnding(`${callee.replace(".__init__", "")}(${keyword})`);
  const [, parameter, estimator] = /Invalid parameter '(\w+)' for estimator (\w+)/.exec(evalue) ?? [];
  if (parameter !== undefined) return rangesEnding(`${estimator}(${parameter})`);
  const [, option, of, given] = /The '(\w+)' parameter of (\w+) must be .* Got '([^']*)' instead/.exec(evalue) ?? [];
  if (option !== undefined) return rangesEnding(`${of}(${option}='${given}')`);
  // Messages that name the parameter only.
  const only = /unexpected keyword argument '(\w+)'/.exec(evalue)?.[1];
  if (only === undefined) return [];
  return [...source.matchAll(/(\w+)\(/g)].flatMap(([, called]) => rangesEnding(`${called}(${only})`));
}
