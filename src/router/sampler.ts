import type { PredictionCounts } from "../core/evidence.js";
import { addTo, newSketch } from "../core/sketch.js";
import { predictionsOf } from "./predictions.js";

/** Answers of one version that are looked at in a second, rows of each, and the size up to which. */
const PER_SECOND = 50;
const ROWS = 20;
export const SAMPLE_BYTES = 65_536;
const LABELS = 50;

/** Decides which answers are looked at: the first ones of each second, so that the cost has a bound whatever the load is. */
export class Sampler {
  #second = 0;
  readonly #taken = new Map<string, number>();

  takes(version: string, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken.clear();
    }
    const taken = this.#taken.get(version) ?? 0;
    if (taken >= PER_SECOND) return false;
    this.#taken.set(version, taken + 1);
    return true;
  }
}

export const noPredictions = (): PredictionCounts => ({
  answers: 0,
  invalid: 0,
  rows: 0,
  labels: {},
  others: 0,
  numbers: newSketch(),
});

/** Counts the predictions of an answer. One without any, or with a row that has none, is not valid. */
export function countPredictions(counts: PredictionCounts, body: Buffer): void {
  const predictions = predictionsOf(body)?.slice(0, ROWS);
  counts.answers += 1;
  if (predictions === undefined || predictions.includes(null)) counts.invalid += 1;
  for (const prediction of predictions ?? []) {
    if (typeof prediction === "number") addTo(counts.numbers, prediction);
    else if (!addLabel(counts, prediction)) counts.others += 1;
    counts.rows += 1;
  }
}

function addLabel({ labels }: PredictionCounts, prediction: unknown): boolean {
  const isLabel = typeof prediction === "string" || typeof prediction === "boolean";
  const label = String(prediction);
  if (!isLabel || label.length > 100) return false;
  if (labels[label] === undefined && Object.keys(labels).length >= LABELS) return false;
  labels[label] = (labels[label] ?? 0) + 1;
  return true;
}
