/** An answer as it was received. */
export interface Answered {
  /** Null: there was none. */
  status: number | null;
  body: Buffer | null;
}

/** What an answer is worth to the client: `good` ones have their predictions, or null where the route answers with something else. */
export type Worth =
  | { kind: "good"; predictions: unknown[] | null }
  | { kind: "failed" }
  | { kind: "refused" }
  | { kind: "invalid" };

/** Routes whose answers are predictions. All others are compared by their status alone. */
export function isScoring(method: string, path: string): boolean {
  return method === "POST" && (path === "/predict" || /^\/v2\/models\/[^/]+\/infer$/.test(path));
}

export function worthOf({ status, body }: Answered, scoring: boolean): Worth {
  if (status === null || status >= 500) return { kind: "failed" };
  if (status >= 400) return { kind: "refused" };
  if (!scoring) return { kind: "good", predictions: null };
  const predictions = body === null ? null : predictionsOf(body);
  return predictions === null ? { kind: "invalid" } : { kind: "good", predictions };
}

/** The predictions of an answer of the scoring service (`predictions`, or the first output of the Open Inference Protocol), or null. */
export function predictionsOf(body: Buffer): unknown[] | null {
  try {
    const document = JSON.parse(body.toString("utf8")) as {
      predictions?: unknown;
      outputs?: { data?: unknown }[];
    } | null;
    const found = document?.predictions ?? document?.outputs?.[0]?.data;
    return Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

/** One row answered by two versions. */
export interface RowPair {
  equal: boolean;
  /** New minus old, where both are numbers. */
  delta: number | null;
  /** The new one has no prediction where the old one has, or one of another kind. */
  invalid: boolean;
}

export function comparePredictions(before: unknown, after: unknown): RowPair {
  const invalid = kindOf(before) !== "nothing" && kindOf(before) !== kindOf(after);
  if (typeof before === "number" && typeof after === "number") {
    return { equal: isNear(before, after), delta: after - before, invalid };
  }
  return { equal: isEqual(before, after), delta: null, invalid };
}

const kindOf = (value: unknown): string =>
  value === null || value === undefined ? "nothing" : Array.isArray(value) ? "list" : typeof value;

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return isNear(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => isEqual(one, b[i]));
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Sums in another order differ in the last digits. */
const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
