import byHand from "./by-hand.json" with { type: "json" };
import generated from "./facts.json" with { type: "json" };

/** Import name of a library to its versions, each with the names (separated by spaces) that changed with it. */
type ByVersion = Record<string, Record<string, string>>;

interface Table {
  /** Names that a version no longer has, by their full name without the library's. */
  gone: ByVersion;
  /** Names that it is the first to have. */
  came: ByVersion;
  /** Methods that a version no longer has and that nothing else is called like. */
  loose: ByVersion;
}

/**
 * Names (`DataFrame.append`), parameters (`read_csv(squeeze)`) and values of parameters (`KMeans(algorithm='full')`). `facts.json` is read
 * from the releases themselves by scripts/api-facts; values, and what only goes on existing as a stub, are added by hand and win.
 */
const TABLES = [generated, byHand] as unknown as Table[];

/** In which versions of a library something exists: from `from` on, up to but without `below`. */
export interface ApiRange {
  /** Import name: `sklearn`. */
  module: string;
  below: string | null;
  from: string | null;
}

interface Index {
  exact: Map<string, ApiRange>;
  loose: Map<string, ApiRange>;
}

let index: Index | undefined;

function built(): Index {
  if (index !== undefined) return index;
  const made: Index = { exact: new Map(), loose: new Map() };
  const add = (into: Map<string, ApiRange>, table: ByVersion, prefixed: boolean, end: "below" | "from"): void => {
    for (const [module, versions] of Object.entries(table)) {
      for (const [version, names] of Object.entries(versions)) {
        for (const name of names.split(" ")) {
          const key = prefixed ? `${module}.${name}` : name;
          into.set(key, { module, below: null, from: null, ...into.get(key), [end]: version });
        }
      }
    }
  };
  for (const { gone, came, loose } of TABLES) {
    add(made.exact, gone, true, "below");
    add(made.exact, came, true, "from");
    add(made.loose, loose, false, "below");
  }
  index = made;
  return made;
}

/** The range of a full name: `pandas.DataFrame.append`, `pandas.read_csv(squeeze)`. */
export const exactRange = (name: string): ApiRange | undefined => built().exact.get(name);

/** The range of a method whose object is unknown, when no other library has one of that name: `iteritems`, `append(ignore_index)`. */
export const looseRange = (name: string): ApiRange | undefined => built().loose.get(name);

/** All full names that end so: `OneHotEncoder(sparse)`, for what an error message says. */
export function rangesEnding(ending: string): ApiRange[] {
  return [...built().exact].filter(([name]) => name.endsWith(`.${ending}`)).map(([, range]) => range);
}

/** The facts there are, for tests. */
export const allFacts = (): ReadonlyMap<string, ApiRange> => built().exact;
