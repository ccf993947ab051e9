import { distributionOf } from "../import-names.js";
import { compareVersions, seriesOf } from "./releases.js";

/** Month in which each Python had its first release, by minor version. */
const PYTHONS: Record<number, string> = {
  5: "2015-09",
  6: "2016-12",
  7: "2018-06",
  8: "2019-10",
  9: "2020-10",
  10: "2021-10",
  11: "2022-10",
  12: "2023-10",
  13: "2024-10",
  14: "2025-10",
};
/** People go on with a Python for about as long after its first release. */
const YEARS_USED = 2;

/** What most notebooks of the web were written for, where nothing says when this one was. */
export const USUAL_ERA = "2022-11";
/** Before this the oldest libraries that can be recorded were not there yet. */
const FIRST_ERA = "2021-12";

/**
 * The month at whose end the author's libraries were the newest ones: from the versions printed in the notebook, else from the Python that
 * saved it. Null where nothing tells.
 */
export function authorEra(printed: ReadonlyMap<string, string>, languageVersion: string | null): string | null {
  const months = [...printed].flatMap(([module, version]) => {
    const series = seriesOf(distributionOf(module));
    const minor = version.split(".").slice(0, 2).join(".");
    const next = series.find((one) => compareVersions(one.version, minor) > 0);
    const known = series.some((one) => one.version === minor);
    return known && next !== undefined ? [monthBefore(next.date)] : [];
  });
  if (months.length > 0) return later(months.sort()[0]!, FIRST_ERA);
  const minor = Number(/^3\.(\d+)/.exec(languageVersion ?? "")?.[1]);
  const began = PYTHONS[minor];
  if (began === undefined) return null;
  const [year, month] = began.split("-");
  return later(`${Number(year) + YEARS_USED}-${month}`, FIRST_ERA);
}

const later = (a: string, b: string): string => (a > b ? a : b);

function monthBefore(date: string): string {
  const [year, month] = date.split("-").map(Number) as [number, number];
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`;
}
