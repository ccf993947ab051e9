import { PLACES } from "../../core/places.js";
import type { TarEntry } from "../../image/tar-stream.js";
import { systemHints } from "../../project/system-libraries.js";

/**
 * GNU OpenMP: packages that load it from the system (lightgbm) come with packages that bring a copy along under a name of their own
 * (scikit-learn). A slim base has none, so the copy is lent to those who look for the system's.
 */
const DEBIAN = "libgomp1";
const LIBRARY = "libgomp.so.1";
const COPY = /^[^/]+\.libs\/libgomp-[0-9a-f]+\.so\.1(?:\.\d+)*$/;
const LENDERS = ["scikit-learn", "xgboost"];
const FOLDER = "iapp.libs";

export interface Lending {
  /** Distributions whose need is met by others of the same lock. */
  met: Set<string>;
  env: Record<string, string>;
}

/** What the packages of a lock (normalised names) can lend each other. */
export function lending(distributions: readonly string[]): Lending {
  const lent = LENDERS.some((name) => distributions.includes(name));
  const needy = systemHints(distributions).filter(({ debian }) => debian.length === 1 && debian[0] === DEBIAN);
  if (!lent || needy.length === 0) return { met: new Set(), env: {} };
  return {
    met: new Set(needy.map(({ distribution }) => distribution)),
    env: { LD_LIBRARY_PATH: `/${PLACES.lib}/${FOLDER}` },
  };
}

/** The link by which the copy is found, for the entries of the packages' layer; none where nobody needs it or no copy is there. */
export function lentLinks(entries: readonly TarEntry[], distributions: readonly string[]): TarEntry[] {
  if (lending(distributions).met.size === 0) return [];
  const prefix = `${PLACES.lib}/`;
  const copies = entries.map(({ path }) => path.slice(prefix.length)).filter((path) => COPY.test(path));
  const first = copies.sort()[0];
  return first === undefined ? [] : [{ path: `${prefix}${FOLDER}/${LIBRARY}`, type: "link", target: `../${first}` }];
}

/** The same in a Dockerfile, or null. */
export function lentCommand(distributions: readonly string[]): string | null {
  if (lending(distributions).met.size === 0) return null;
  const lib = `/${PLACES.lib}`;
  return `RUN mkdir -p ${lib}/${FOLDER} && ln -s "$(ls ${lib}/*.libs/libgomp-*.so.1* | head -n 1)" ${lib}/${FOLDER}/${LIBRARY}`;
}
