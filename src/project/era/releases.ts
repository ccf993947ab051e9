import table from "../data/releases.json" with { type: "json" };
import { NEWEST } from "../python.js";

/** One minor series of a distribution, such as pandas 1.5. */
export interface Series {
  version: string;
  /** Day of its first release, `2022-09-19`. */
  date: string;
  /** Newest Python, as minor version, that ready-made packages exist for. */
  python: number;
}

const TABLE = table as Record<string, string[]>;

/** Distributions whose releases are known. */
export const KNOWN: readonly string[] = Object.keys(TABLE);

/** The minor series of a distribution, oldest first; none where it is not known. */
export function seriesOf(distribution: string): Series[] {
  return (TABLE[distribution] ?? []).map((line) => {
    const [version, date, python] = line.split(" ") as [string, string, string];
    return { version, date, python: python === "*" ? NEWEST : Number(python) };
  });
}

/** Orders `1.9` before `1.10`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(".").map(Number));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The newest series below a version. */
export function newestBelow(distribution: string, below: string): Series | null {
  const fits = seriesOf(distribution).filter(({ version }) => compareVersions(version, below) < 0);
  return fits.at(-1) ?? null;
}
