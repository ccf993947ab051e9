import table from "./data/system-libraries.json" with { type: "json" };

/** A package that needs something which Python's own packages do not bring. */
export interface SystemHint {
  distribution: string;
  /** Debian's package names. */
  debian: string[];
  /** A package without that need, in words. */
  instead: string | null;
}

const HINTS = table as Record<string, { debian: string[]; instead?: string }>;

/** What the distributions (normalised names) need of the system: said before a build, for the import would fail after it. */
export function systemHints(distributions: Iterable<string>): SystemHint[] {
  return [...new Set(distributions)].sort().flatMap((distribution) => {
    const hint = HINTS[distribution];
    return hint === undefined ? [] : [{ distribution, debian: hint.debian, instead: hint.instead ?? null }];
  });
}
