/** Words that no Python name can be (3.9 to 3.13). */
export const PYTHON_KEYWORDS: ReadonlySet<string> = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if " +
    "import in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/** A DNS-1123 label: what `core/slug.ts` makes. */
export function isSlug(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/** Name, extras, then nothing, a version, a marker or an address (PEP 508, as far as its outline). */
const REQUIREMENT =
  /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*(?:$|\(|;|@\s*\S|(?:[<>=!~]=?|===)\s*[A-Za-z0-9])/;

export function isRequirement(text: string): boolean {
  return REQUIREMENT.test(text.trim());
}

/** The normalised name of a requirement (PEP 503): `Scikit_Learn[x]>=1` gives `scikit-learn`. */
export function requirementName(text: string): string {
  const name = /^[A-Za-z0-9._-]+/.exec(text.trim())?.[0] ?? text;
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}
