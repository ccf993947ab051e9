import type { ApiUse } from "../../notebook/index.js";
import { distributionOf } from "../import-names.js";
import { OLDEST } from "../python.js";
import { compareVersions, KNOWN, newestBelow, seriesOf } from "./releases.js";

/** Versions of one distribution that a notebook can be run with. */
export interface VersionBound {
  distribution: string;
  /** Exclusive. */
  below: string | null;
  /** Inclusive. */
  from: string | null;
  /** `DataFrame.append in cell 4`, `--era 2022-06`. */
  why: string;
}

/** The oldest series that the recorder and the proof are tested with. */
const FLOOR: Record<string, string> = { pandas: "1.3", numpy: "1.19", "scikit-learn": "1.0" };

/**
 * What an old release needs beside it but does not say, since it was released before that existed: binary interfaces that changed, private
 * parts of scikit-learn that others build on.
 */
const COMPANIONS: [distribution: string, upTo: string, other: string, below: string][] = [
  ["pandas", "2.2", "numpy", "2.0"],
  ["scikit-learn", "1.4", "numpy", "2.0"],
  ["scikit-learn", "1.2", "scipy", "1.12"],
  ["statsmodels", "0.14", "numpy", "2.0"],
  ["statsmodels", "0.14", "scipy", "1.12"],
  ["matplotlib", "3.7", "numpy", "2.0"],
  ["xgboost", "2.1", "scikit-learn", "1.6"],
  ["lightgbm", "4.6", "scikit-learn", "1.6"],
  ["imbalanced-learn", "0.13", "scikit-learn", "1.6"],
];

/** Bounds that follow from what a notebook uses, one per distribution. Where two uses contradict each other the newer version wins. */
export function boundsOf(uses: readonly ApiUse[]): VersionBound[] {
  return merged(
    uses.map(({ module, below, from, what, cell }) => ({
      distribution: distributionOf(module),
      below,
      from,
      why: `${what} in cell ${cell}`,
    })),
  );
}

/** One bound per distribution: the lowest upper one, the highest lower one. */
export function merged(bounds: readonly VersionBound[]): VersionBound[] {
  const found = new Map<string, VersionBound>();
  for (const bound of bounds) {
    const known = found.get(bound.distribution);
    if (known === undefined) {
      found.set(bound.distribution, bound);
      continue;
    }
    const lower = tighter(known.below, bound.below, -1);
    const from = tighter(known.from, bound.from, 1);
    const why = lower !== known.below || from !== known.from ? bound.why : known.why;
    found.set(bound.distribution, { ...known, below: lower, from, why });
  }
  // What came with a version is there in all later ones: then the old name can only be a mistake, or guarded.
  return [...found.values()].map((one) =>
    one.below !== null && one.from !== null && compareVersions(one.from, one.below) >= 0
      ? { ...one, below: null }
      : one,
  );
}

function tighter(a: string | null, b: string | null, sign: 1 | -1): string | null {
  if (a === null || b === null) return a ?? b;
  return compareVersions(a, b) * sign >= 0 ? a : b;
}

/** Everything as it was at the end of a month: `2022-06`. */
export function eraBounds(era: string): VersionBound[] {
  return KNOWN.flatMap((distribution) => {
    const later = seriesOf(distribution).find(({ date }) => date.slice(0, 7) > era);
    const floor = FLOOR[distribution];
    if (later === undefined || (floor !== undefined && compareVersions(later.version, floor) <= 0)) return [];
    return [{ distribution, below: later.version, from: null, why: `the era ${era}` }];
  });
}

/** Why no Python here keeps a bound at all, in words that go behind it. */
export function outOfReach({ distribution, below }: VersionBound): string {
  const series = below === null ? null : newestBelow(distribution, below);
  const floor = FLOOR[distribution];
  return series !== null && floor !== undefined && compareVersions(series.version, floor) < 0
    ? `is older than the oldest that iapp runs with, ${distribution} ${floor}`
    : `runs with no Python from 3.${OLDEST} on`;
}

/** The newest Python that a bound's packages are ready-made for; 0 when none is old enough here. */
export function pythonFor({ distribution, below }: VersionBound): number {
  if (below === null) return Number.POSITIVE_INFINITY;
  const series = newestBelow(distribution, below);
  if (series === null) return seriesOf(distribution).length === 0 ? Number.POSITIVE_INFINITY : 0;
  const floor = FLOOR[distribution];
  if (floor !== undefined && compareVersions(series.version, floor) < 0) return 0;
  return series.python >= OLDEST ? series.python : 0;
}

/** The bounds that a Python 3 of this minor version, or an older one that is supported, can keep. */
export const fitting = (bounds: readonly VersionBound[], minor: number): VersionBound[] =>
  bounds.filter((bound) => pythonFor(bound) >= minor);

/** Bounds of what goes with the bounded distributions, those that are given included. */
export function withCompanions(bounds: readonly VersionBound[]): VersionBound[] {
  const upper = new Map(bounds.map(({ distribution, below }) => [distribution, below]));
  const added: VersionBound[] = [];
  for (const [distribution, upTo, other, below] of COMPANIONS) {
    const mine = upper.get(distribution);
    if (mine === undefined || mine === null || compareVersions(mine, upTo) > 0) continue;
    added.push({ distribution: other, below, from: null, why: `${distribution} below ${mine}` });
  }
  return merged([...bounds, ...added]);
}
