import { UserError } from "../../core/errors.js";

/** How a JSON input was laid out, so that the output can be laid out the same way. */
export type JsonLayout = "array" | "object" | "lines";

export interface JsonScan {
  /** Known once the first row has been read to its end. */
  layout: JsonLayout | null;
}

const LIMIT = 64 * 1024 * 1024;

/**
 * Gives the rows of a JSON input as raw text, one by one, without holding the whole: the elements of a top-level array, or each
 * top-level value (NDJSON). Raw, because a number with more digits than a double holds must go through unchanged.
 * `{"rows": [...]}`, the service's own request, is opened up.
 */
export async function* jsonRows(chunks: AsyncIterable<string>, scan: JsonScan): AsyncGenerator<string> {
  let values = 0;
  let held: string | null = null;
  for await (const text of topValues(chunks, scan)) {
    values += 1;
    if (scan.layout === "array") {
      yield text;
      continue;
    }
    // A single object may be a request or a row; only the next value tells.
    if (held !== null) {
      scan.layout = "lines";
      yield held;
      held = null;
    }
    if (values === 1) held = text;
    else yield text;
  }
  if (held === null) return;
  const rows = requestRows(held);
  if (rows === null) {
    scan.layout ??= "object";
    yield held;
    return;
  }
  scan.layout = "array";
  yield* topValues(once(rows), { layout: null });
}

async function* once(text: string): AsyncIterable<string> {
  yield text;
}

/** The raw text of `rows` in `{"rows": [...]}`; null when it is something else. */
function requestRows(text: string): string | null {
  const match = /^\{\s*"rows"\s*:\s*(\[[\s\S]*\])\s*\}$/.exec(text);
  if (match === null) return null;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    return Object.keys(value).length === 1 && Array.isArray(value.rows) ? match[1]! : null;
  } catch {
    return null;
  }
}

/** Raw top-level values, or the elements of a top-level array. Only nesting and strings are looked at here. */
async function* topValues(chunks: AsyncIterable<string>, scan: JsonScan): AsyncGenerator<string> {
  let text = "";
  let depth = 0;
  let inString = false;
  let escaped = false;
  let inArray = false;
  let closed = false;
  let started = false;
  for await (const chunk of chunks) {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk[i]!;
      if (inString) {
        if (escaped) escaped = false;
        else if (c === "\\") escaped = true;
        else if (c === '"') inString = false;
        continue;
      }
      if (!started) {
        if (/[\s\ufeff]/.test(c)) {
          from = i + 1;
          continue;
        }
        started = true;
        if (c === "[") {
          inArray = true;
          scan.layout = "array";
          from = i + 1;
          continue;
        }
      }
      const ends = depth === 0 && (inArray ? c === "," || c === "]" : c === "\n");
      if (c === '"') inString = true;
      else if (c === "{" || c === "[") depth += 1;
      else if ((c === "}" || c === "]") && depth > 0) depth -= 1;
      if (!ends) continue;
      if (closed) throw malformed("something follows the end of the array");
      const value = (text + chunk.slice(from, i)).trim();
      text = "";
      from = i + 1;
      if (inArray && c === "]") closed = true;
      if (value !== "") yield value;
      else if (inArray && c === ",") throw malformed("a row is empty");
    }
    text += chunk.slice(from);
    if (text.length > LIMIT) throw malformed("one row is larger than 64 MB");
  }
  const rest = text.trim();
  if (inArray && !closed) throw malformed("the array does not end");
  if (rest === "") return;
  if (closed) throw malformed("something follows the end of the array");
  yield rest;
}

function malformed(reason: string): UserError {
  return new UserError("IAPP_PREDICT_JSON", `the input is not JSON as expected: ${reason}`, {
    remedy: 'Give an array of rows, one row a line, or {"rows": [...]}.',
  });
}
