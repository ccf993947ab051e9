import { request as httpRequest } from "node:http";
import { OperationError } from "../../core/errors.js";
import type { Examples } from "./candidate.js";

const BUSY_ATTEMPTS = 5;

export interface ExampleAnswer {
  row: Record<string, unknown>;
  prediction: unknown;
  version: string | null;
  ms: number;
}

/**
 * Sends the stored example rows to a service and compares the answers with the notebook's own. Rejects when one differs: the
 * proof held in the proof's process, so something is wrong with how the service is run.
 */
export async function askExample(url: string, examples: Examples, timeout = 30_000): Promise<ExampleAnswer> {
  const request = JSON.stringify({ rows: examples.rows });
  let started = performance.now();
  let { status, body } = await post(`${url}/predict`, request, timeout);
  // Busy with other requests is not wrong.
  for (let attempt = 0; status === 503 && attempt < BUSY_ATTEMPTS; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    started = performance.now();
    ({ status, body } = await post(`${url}/predict`, request, timeout));
  }
  const ms = performance.now() - started;
  if (status !== 200) {
    throw new OperationError("IAPP_DEPLOY_EXAMPLE", `the example rows were answered with status ${status}`, {
      lines: [body.slice(0, 500)],
    });
  }
  const answer = JSON.parse(body) as { predictions?: unknown[]; version?: string };
  const got = answer.predictions ?? [];
  const wrong = examples.predictions.findIndex((expected, i) => !sameAnswer(expected, got[i]));
  if (got.length !== examples.predictions.length || wrong >= 0) {
    const row = wrong < 0 ? got.length : wrong;
    throw new OperationError(
      "IAPP_DEPLOY_EXAMPLE",
      `example row ${row + 1} is answered with ${show(got[row])}, the notebook's answer is ${show(examples.predictions[row])}`,
    );
  }
  return { row: examples.rows[0]!, prediction: got[0], version: answer.version ?? null, ms };
}

const show = (value: unknown): string => JSON.stringify(value) ?? "nothing";

/** Labels must be the same; numbers may differ by what single precision loses on the way. */
export function sameAnswer(expected: unknown, actual: unknown): boolean {
  if (typeof expected === "number" && typeof actual === "number") {
    return Math.abs(expected - actual) <= 1e-6 * Math.max(1, Math.abs(expected), Math.abs(actual));
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return expected.length === actual.length && expected.every((item, i) => sameAnswer(item, actual[i]));
  }
  if (isObject(expected) && isObject(actual)) {
    const names = Object.keys(expected);
    return (
      names.length === Object.keys(actual).length && names.every((name) => sameAnswer(expected[name], actual[name]))
    );
  }
  return expected === actual;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function post(url: string, body: string, timeout: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new OperationError("IAPP_DEPLOY_EXAMPLE", `the service does not answer: ${cause.message}`, { cause }));
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const req = httpRequest(url, { method: "POST", headers, agent: false, timeout }, (res) => {
      let text = "";
      res.setEncoding("utf8");
      res.on("data", (chunk: string) => {
        text += chunk;
      });
      res.on("end", () => resolve({ status: res.statusCode!, body: text }));
      res.on("error", fail);
    });
    req.on("timeout", () => req.destroy(new Error(`no answer within ${timeout / 1000} s`)));
    req.on("error", fail);
    req.end(body);
  });
}
