import type { PredictAnswer } from "./client.js";
import { csvField } from "./csv-rows.js";
import type { InputRow, RowSource } from "./source.js";

/** The columns that are added to a row: `prediction`, and `probability_<class>` when asked for. */
export class PredictionColumns {
  readonly #prefix: string;

  /** @param taken the input's own columns: none of them is overwritten */
  constructor(taken: readonly string[]) {
    const clash = taken.some((name) => name === "prediction" || name.startsWith("probability_"));
    this.#prefix = clash ? "iapp_" : "";
  }

  of(answer: PredictAnswer, row: number): Record<string, unknown> {
    const columns: Record<string, unknown> = { [`${this.#prefix}prediction`]: answer.predictions[row] };
    for (const [name, value] of Object.entries(answer.probabilities?.[row] ?? {})) {
      columns[`${this.#prefix}probability_${name}`] = value;
    }
    return columns;
  }

  /** Those of `names` that hold floating point numbers. */
  floats(names: string[], predictionIsNumber: boolean): string[] {
    return names.filter((name) =>
      name === `${this.#prefix}prediction` ? predictionIsNumber : name.startsWith(`${this.#prefix}probability_`),
    );
  }
}

/** A CSV record with the columns behind it, everything before them as it stood. */
export const csvLine = (row: InputRow, columns: Record<string, unknown>): string =>
  [row.raw, ...Object.values(columns).map(csvField)].join(",");

export const csvHeader = (header: string, columns: Record<string, unknown>): string =>
  [header, ...Object.keys(columns).map(csvField)].join(",");

/** A JSON row with the columns behind it, its own members as they stood. A row that is no object becomes `{"input": row, ...}`. */
export function jsonLine(row: InputRow, columns: Record<string, unknown>): string {
  const added = JSON.stringify(columns).slice(1);
  const raw = row.raw.trim();
  if (!raw.startsWith("{")) return `{"input":${raw},${added}`;
  const own = raw.slice(0, -1).trimEnd();
  return own === "{" ? `{${added}` : `${own},${added}`;
}

/** The body of a request for some rows. */
export function bodyOf(
  source: RowSource,
  rows: readonly InputRow[],
): { body: string; type: "application/json" | "text/csv" } {
  if (source.format === "csv") {
    return { body: `${[source.header(), ...rows.map(({ raw }) => raw)].join("\n")}\n`, type: "text/csv" };
  }
  return { body: `{"rows":[${rows.map(({ raw }) => raw).join(",")}]}`, type: "application/json" };
}
