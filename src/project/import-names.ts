import names from "./data/import-names.json" with { type: "json" };

const TABLE = names as Record<string, string>;

/** The distribution that provides a top-level import name: from the list, else the name itself (PEP 503 form). */
export function distributionOf(importName: string): string {
  return TABLE[importName] ?? normalise(importName);
}

/** PEP 503: lower case, runs of `-_.` become one hyphen. */
export function normalise(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}
