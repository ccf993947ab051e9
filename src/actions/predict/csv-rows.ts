import { UserError } from "../../core/errors.js";

export interface CsvRecord {
  /** As it stood in the file, without its line end. */
  text: string;
  fields: number;
  /** 1-based line on which it begins. */
  line: number;
}

/**
 * Splits CSV (RFC 4180, comma) into records and keeps each as it stood: what is not understood here is not changed either.
 * Quoted fields may hold commas, quotes and line ends. Empty lines are left out.
 */
export async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let text = "";
  let quoted = false;
  let fields = 1;
  let line = 1;
  let begins = 1;
  let first = true;
  for await (const part of chunks) {
    const chunk = first ? part.replace(/^\ufeff/, "") : part;
    first = false;
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk.charCodeAt(i);
      if (c === 34) quoted = !quoted;
      else if (c === 44 && !quoted) fields += 1;
      else if (c === 10) {
        line += 1;
        if (quoted) continue;
        const record = (text + chunk.slice(from, i)).replace(/\r$/, "");
        if (record !== "") yield { text: record, fields, line: begins };
        text = "";
        from = i + 1;
        fields = 1;
        begins = line;
      }
    }
    text += chunk.slice(from);
  }
  if (quoted) {
    throw new UserError("IAPP_PREDICT_CSV", "a quoted field does not end", { where: `line ${begins}` });
  }
  const record = text.replace(/\r$/, "");
  if (record !== "") yield { text: record, fields, line: begins };
}

/** A value as a CSV field. */
export function csvField(value: unknown): string {
  const text = value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The column names of a header record. */
export function csvNames(header: string): string[] {
  const names: string[] = [];
  const pattern = /(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g;
  for (const match of header.matchAll(pattern)) names.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
  return names;
}
