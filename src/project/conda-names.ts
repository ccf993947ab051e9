import table from "./data/conda-names.json" with { type: "json" };
import { distributionOf } from "./import-names.js";

const TWINS = table as Record<string, string | null>;

/** The distribution on PyPI that a conda package is, or null where it is none: a program, a C library, a set of packages, R. */
export function pypiTwin(name: string): string | null {
  const known = TWINS[name.toLowerCase()];
  if (known !== undefined) return known;
  if (/^(python$|_|r-|lib|mkl-|cuda-|gcc|gxx)/.test(name)) return null;
  return distributionOf(name);
}
