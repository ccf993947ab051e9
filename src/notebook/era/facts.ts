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
 * from the releases themselves by scripts/api_facts; values, and what only goes on existing as a stub, are added by hand and win.
 */
const TABLES = [generated, byHand] as unknown as Table[];

/** In which versions of a library something exists: from `from` on, up to but without `below`. */
export interface ApiRange {
  /** Import name: `sklearn`. */
  module: string;
  below: string | null;
  from: string | null;
}

type Ranges = Map<string, ApiRange>;

/** By library, made when a name of it is first asked for: a notebook uses a few of them. */
const exact = new Map<string, Ranges>();
let loose: Ranges | undefined;

function put(into: Ranges, module: string, versions: Record<string, string> | undefined, end: "below" | "from"): void {
  for (const [version, names] of Object.entries(versions ?? {})) {
    for (const name of names.split(" ")) {
      const known = into.get(name);
      if (known === undefined) into.set(name, { module, below: null, from: null, [end]: version });
      else known[end] = version;
    }
  }
}

function rangesOfLibrary(module: string): Ranges {
  const known = exact.get(module);
  if (known !== undefined) return known;
  const made: Ranges = new Map();
  for (const { gone, came } of TABLES) {
    put(made, module, gone[module], "below");
    put(made, module, came[module], "from");
  }
  exact.set(module, made);
  return made;
}

/** The range of a full name: `pandas.DataFrame.append`, `pandas.read_csv(squeeze)`. */
export function exactRange(name: string): ApiRange | undefined {
  const dot = name.indexOf(".");
  return dot < 0 ? undefined : rangesOfLibrary(name.slice(0, dot)).get(name.slice(dot + 1));
}

/** The range of a method whose object is unknown, when no other library has one of that name: `iteritems`, `append(ignore_index)`. */
export function looseRange(name: string): ApiRange | undefined {
  if (loose === undefined) {
    loose = new Map();
    for (const table of TABLES)
      for (const [module, versions] of Object.entries(table.loose)) put(loose, module, versions, "below");
  }
  return loose.get(name);
}

/** All facts, by their full name. */
export function allFacts(): ReadonlyMap<string, ApiRange> {
  const modules = new Set(TABLES.flatMap(({ gone, came }) => [...Object.keys(gone), ...Object.keys(came)]));
  return new Map(
    [...modules].flatMap((module) =>
      [...rangesOfLibrary(module)].map(([name, range]) => [`${module}.${name}`, range] as const),
    ),
  );
}

/** The ranges of all full names that end so: `OneHotEncoder(sparse)`, for what an error message says. */
export function rangesEnding(ending: string): ApiRange[] {
  return [...allFacts()].filter(([name]) => name.endsWith(`.${ending}`)).map(([, range]) => range);
}
