import { UserError } from "../../core/errors.js";
import { type PredictAnswer, type PredictClient, Rejected } from "./client.js";
import { bodyOf } from "./columns.js";
import type { InputRow, RowSource } from "./source.js";

/** Groups of at most `size` rows. */
export async function* batches(rows: AsyncIterable<InputRow>, size: number): AsyncGenerator<InputRow[]> {
  let batch: InputRow[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

export interface Answered {
  rows: InputRow[];
  answer: PredictAnswer;
}

/** Sends a batch; halves it as long as the service finds it too large. */
export async function* answered(client: PredictClient, source: RowSource, rows: InputRow[]): AsyncGenerator<Answered> {
  const { body, type } = bodyOf(source, rows);
  let answer: PredictAnswer;
  try {
    answer = await client.send(body, type);
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    if (error.status !== 413 || rows.length === 1) throw rowError(error, rows);
    const half = Math.ceil(rows.length / 2);
    yield* answered(client, source, rows.slice(0, half));
    yield* answered(client, source, rows.slice(half));
    return;
  }
  if (answer.predictions.length !== rows.length) {
    throw new UserError(
      "IAPP_PREDICT_ANSWER",
      `${rows.length} rows were sent, ${answer.predictions.length} answers came back`,
      { where: rows[0]!.where },
    );
  }
  yield { rows, answer };
}

const REASONS: Record<string, string> = {
  type: "has the wrong type",
  missing: "is missing",
  extra: "is not known",
  range: "is outside the range of the training data",
  category: "is none of the known categories",
  nonfinite: "is not a finite number",
  size: "is too large",
  refused: "is not accepted by the notebook's own code",
};
const SHOWN = 20;

/** The service's words with the places in the person's own input. */
export function rowError(error: Rejected, rows: readonly InputRow[]): UserError {
  const lines = error.problems.map(({ row, field, reason, message }) => {
    const where = row === null ? "the request" : (rows[row]?.where ?? `row ${row + 1}`);
    const what = message ?? REASONS[reason] ?? reason;
    return field === null ? `${where}: ${what}` : `${where}, ${field}: ${what}`;
  });
  const more = lines.length > SHOWN ? [`and ${lines.length - SHOWN} more`] : [];
  const first = error.problems[0];
  const place = first?.row == null ? undefined : rows[first.row]?.where;
  return new UserError("IAPP_PREDICT_REJECTED", `the service does not accept it: ${error.message}`, {
    ...(place === undefined ? {} : { where: first?.field == null ? place : `${place}, ${first.field}` }),
    lines: [...lines.slice(0, SHOWN), ...more],
    exitCode: error.status >= 500 ? 1 : 2,
    data: { status: error.status, reason: error.code, problems: error.problems.slice(0, 100) },
  });
}
