import { type DeltaCounts, type MirrorEvidence, noOutcomes, type RouterEvidence } from "../core/evidence.js";
import { merged } from "../core/sketch.js";
import type { Shares } from "./attribution.js";
import { wilson } from "./proportions.js";

/** One router's counts of one mirroring, as last read. */
export type MirrorCounts = MirrorEvidence & { router: string };

/**
 * Three and a half standard errors at each end (one-sided 0.02 %): these intervals are looked at twice a second for as long as the shadow
 * lasts. Simulated (test/unit/rollout), one that is just as good as was expected is accused in about one of a hundred shadows.
 */
export const Z_LOOKED_AT = 3.5;
/** Repeated rows from which the noise of the old version is known. */
const ENOUGH_REPEATED = 30;
const ENOUGH_DELTAS = 30;

/** Takes over what a router reports of the copies between this pair of versions. Reading twice adds nothing. */
export function foldMirror(
  mirrors: readonly MirrorCounts[],
  report: RouterEvidence,
  pair: { from: string; to: string; since: number },
): readonly MirrorCounts[] {
  // A router of an older version of iapp has counts of another form here.
  const { mirror } = report as { mirror?: Partial<MirrorEvidence> | null };
  if (mirror?.from !== pair.from || mirror.to !== pair.to || (mirror.generation ?? 0) < pair.since) return mirrors;
  const counts = { ...(mirror as MirrorEvidence), router: report.router };
  const others = mirrors.filter((one) => one.router !== report.router || one.generation !== mirror.generation);
  return [...others, counts];
}

/** All routers together. */
export type MirrorTotal = Omit<MirrorEvidence, "generation" | "from" | "to" | "features">;

export function totalMirror(mirrors: readonly MirrorCounts[]): MirrorTotal {
  const sum = (of: (one: MirrorCounts) => number): number => mirrors.reduce((all, one) => all + of(one), 0);
  const by = <K extends string>(of: (one: MirrorCounts) => Record<K, number>): Record<K, number> => {
    const all = {} as Record<K, number>;
    for (const one of mirrors) for (const key of Object.keys(of(one)) as K[]) all[key] = (all[key] ?? 0) + of(one)[key];
    return all;
  };
  return {
    sent: sum(({ sent }) => sent),
    dropped: by(({ dropped }) => dropped),
    outcomes: { ...noOutcomes(), ...by(({ outcomes }) => outcomes) },
    compared: sum(({ compared }) => compared),
    rows: sum(({ rows }) => rows),
    equal_rows: sum(({ equal_rows }) => equal_rows),
    delta: totalDelta(mirrors.map(({ delta }) => delta)),
    repeated: {
      rows: sum(({ repeated }) => repeated.rows),
      equal_rows: sum(({ repeated }) => repeated.equal_rows),
      delta: totalDelta(mirrors.map(({ repeated }) => repeated.delta)),
    },
  };
}

function totalDelta(all: readonly DeltaCounts[]): DeltaCounts {
  const sum = (of: (one: DeltaCounts) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    count: sum(({ count }) => count),
    sum: sum((one) => one.sum),
    sum_squares: sum(({ sum_squares }) => sum_squares),
    sum_sizes: sum(({ sum_sizes }) => sum_sizes),
    max: Math.max(0, ...all.map(({ max }) => max)),
    sizes: merged(all.map(({ sizes }) => sizes)),
  };
}

/** Requests that only one of the two answered well. Each is as likely the new one's as the old one's when both are equally good. */
export function pairedShares({ outcomes }: MirrorTotal): Shares[] {
  const onNew = outcomes.new_failed + outcomes.new_refused + outcomes.new_invalid;
  return [{ weight: 0.5, onNew, onOld: outcomes.old_failed }];
}

/** Share of the rows that both answered alike, with its interval, and how alike the old version is to itself. */
export function agreementOf({ rows, equal_rows, repeated }: MirrorTotal): {
  share: number | null;
  lower: number;
  upper: number;
  noise: number | null;
} {
  const [lower, upper] = wilson(equal_rows, rows, Z_LOOKED_AT);
  const noise = repeated.rows < ENOUGH_REPEATED ? null : repeated.equal_rows / repeated.rows;
  return { share: rows === 0 ? null : equal_rows / rows, lower, upper, noise };
}

/** What has to be reached: nobody can agree with the old version more than that does with itself. */
export const wantedAgreement = (expected: number, noise: number | null): number => expected * (noise ?? 1);

/** Mean of new minus old with its interval; null where too little was compared. */
export function meanShiftOf({ count, sum, sum_squares }: DeltaCounts): {
  mean: number;
  lower: number;
  upper: number;
} | null {
  if (count < ENOUGH_DELTAS) return null;
  const mean = sum / count;
  const variance = Math.max(0, (sum_squares - count * mean * mean) / (count - 1));
  const half = Z_LOOKED_AT * Math.sqrt(variance / count);
  return { mean, lower: mean - half, upper: mean + half };
}
