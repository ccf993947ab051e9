import { createReadStream } from "node:fs";
import { UserError } from "../../core/errors.js";
import { fileError } from "../../core/fs.js";
import { csvNames, csvRecords } from "./csv-rows.js";
import { type JsonScan, jsonRows } from "./json-rows.js";
import { type ParquetTool, parquetRows } from "./parquet.js";

export type Format = "json" | "ndjson" | "csv" | "parquet";

/** One row as it stood in the input. */
export interface InputRow {
  raw: string;
  /** `row 12` or `line 13`, for messages. */
  where: string;
}

export interface RowSource {
  format: Format;
  rows: AsyncGenerator<InputRow>;
  /** CSV: the header as it stood; null for other formats. Known once the first row has come. */
  header: () => string | null;
  /** Names of the input's own columns, as far as they are known: a prediction must not overwrite one. */
  names: () => string[];
  /** JSON: how the output is to be laid out. */
  layout: () => "array" | "object" | "lines";
}

/** By the file's name; null when it says nothing. */
export function formatOf(path: string): Format | null {
  const name = path.toLowerCase();
  if (/\.(ndjson|jsonl)$/.test(name)) return "ndjson";
  if (name.endsWith(".json")) return "json";
  if (name.endsWith(".csv")) return "csv";
  return /\.(parquet|pq)$/.test(name) ? "parquet" : null;
}

/** Opens the rows of a file. */
export function fileSource(path: string, given: Format | undefined, tool: () => ParquetTool): Promise<RowSource> {
  const format = given ?? formatOf(path) ?? undefined;
  if (format === "parquet") return Promise.resolve(parquetSource(path, tool()));
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* createReadStream(path) as AsyncIterable<Uint8Array>;
    } catch (cause) {
      throw fileError(path, "read", cause);
    }
  };
  return streamSource(bytes(), format);
}

/** Opens the rows of a stream; without a format its first character decides. */
export async function streamSource(bytes: AsyncIterable<Uint8Array>, given: Format | undefined): Promise<RowSource> {
  if (given === "parquet") {
    throw new UserError("IAPP_PREDICT_PARQUET", "Parquet cannot be read from standard input", {
      remedy: "Give the file's path with -i.",
    });
  }
  const text = decoded(bytes);
  const first = await text.next();
  const head = first.done ? "" : first.value;
  const all = joined(head, text);
  const format = given ?? (/^[\s\ufeff]*[[{"]/.test(head) ? "json" : "csv");
  return format === "csv" ? csvSource(all) : jsonSource(all, format);
}

function csvSource(text: AsyncIterable<string>): RowSource {
  let header: string | null = null;
  const rows = async function* (): AsyncGenerator<InputRow> {
    let width = 0;
    for await (const record of csvRecords(text)) {
      if (header === null) {
        header = record.text;
        width = record.fields;
        continue;
      }
      if (record.fields !== width) {
        throw new UserError("IAPP_PREDICT_CSV", `the record has ${record.fields} fields, the header has ${width}`, {
          where: `line ${record.line}`,
        });
      }
      yield { raw: record.text, where: `line ${record.line}` };
    }
  };
  return {
    format: "csv",
    rows: rows(),
    header: () => header,
    names: () => (header === null ? [] : csvNames(header)),
    layout: () => "lines",
  };
}

function jsonSource(text: AsyncIterable<string>, format: "json" | "ndjson"): RowSource {
  const scan: JsonScan = { layout: null };
  let names: string[] = [];
  const rows = async function* (): AsyncGenerator<InputRow> {
    let count = 0;
    for await (const raw of jsonRows(text, scan)) {
      count += 1;
      const where = `row ${count}`;
      const value = parsed(raw, where);
      if (count === 1 && typeof value === "object" && value !== null) names = Object.keys(value);
      yield { raw, where };
    }
  };
  const layout = (): "array" | "object" | "lines" => (format === "ndjson" ? "lines" : (scan.layout ?? "array"));
  return { format, rows: rows(), header: () => null, names: () => names, layout };
}

function parquetSource(path: string, tool: ParquetTool): RowSource {
  let names: string[] = [];
  const rows = async function* (): AsyncGenerator<InputRow> {
    let count = 0;
    for await (const raw of parquetRows(tool, path)) {
      count += 1;
      if (count === 1) names = Object.keys(JSON.parse(raw) as object);
      yield { raw, where: `row ${count}` };
    }
  };
  return { format: "parquet", rows: rows(), header: () => null, names: () => names, layout: () => "lines" };
}

function parsed(raw: string, where: string): unknown {
  try {
    return JSON.parse(raw);
  } catch (error) {
    throw new UserError(
      "IAPP_PREDICT_JSON",
      `not valid JSON: ${(error as Error).message.replace(/,? ?"[\s\S]*$/, "")}`,
      {
        where,
      },
    );
  }
}

async function* decoded(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of bytes) {
      const text = decoder.decode(chunk, { stream: true });
      if (text !== "") yield text;
    }
    decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserError("IAPP_PREDICT_ENCODING", "the input is not valid UTF-8", {
      remedy: "Convert it first, for example with iconv.",
    });
  }
}

async function* joined(head: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (head !== "") yield head;
  yield* rest;
}
