import { describe, expect, it } from "vitest";
import { rowError } from "../../../../src/actions/predict/batches.js";
import { Rejected } from "../../../../src/actions/predict/client.js";
import { bodyOf, csvHeader, csvLine, jsonLine, PredictionColumns } from "../../../../src/actions/predict/columns.js";
import { csvField, csvNames, csvRecords } from "../../../../src/actions/predict/csv-rows.js";
import { type JsonScan, jsonRows } from "../../../../src/actions/predict/json-rows.js";
import { type Format, formatOf, streamSource } from "../../../../src/actions/predict/source.js";

/** The text in pieces of `size` characters. */
async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size);
}
async function* bytes(text: string | Uint8Array, size = 5): AsyncGenerator<Uint8Array> {
  const data = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let i = 0; i < data.length; i += size) yield data.subarray(i, i + size);
}
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
async function json(text: string, size: number): Promise<{ rows: string[]; layout: string | null }> {
  const scan: JsonScan = { layout: null };
  return { rows: await collect(jsonRows(pieces(text, size), scan)), layout: scan.layout };
}

describe.each([1, 3, 1000])("JSON rows in pieces of %d characters", (size) => {
  it.each([
    ['[{"a": 1}, {"a": "x, ]}"}]', ['{"a": 1}', '{"a": "x, ]}"}'], "array"],
    ['{"a": 1}\n{"a": {"b": [1, 2]}}\n\n', ['{"a": 1}', '{"a": {"b": [1, 2]}}'], "lines"],
    ['{"a": 1}', ['{"a": 1}'], "object"],
    ['{\n "a": 1,\n "b": 2\n}\n', ['{\n "a": 1,\n "b": 2\n}'], "object"],
    ['{"rows": [{"a": 1}, {"a": 2}]}', ['{"a": 1}', '{"a": 2}'], "array"],
    ['{"rows": 3}', ['{"rows": 3}'], "object"],
    ['{"rows": [1], "more": 2}', ['{"rows": [1], "more": 2}'], "object"],
    ["[[1, 2], [3, 4]]", ["[1, 2]", "[3, 4]"], "array"],
    ['["a \\"quoted\\" text", "b"]', ['"a \\"quoted\\" text"', '"b"'], "array"],
    ["[]", [], "array"],
    ["", [], null],
    ['\ufeff {"a": 12345678901234567890}', ['{"a": 12345678901234567890}'], "object"],
  ])("%j", async (text, rows, layout) => {
    expect(await json(text, size)).toEqual({ rows, layout });
  });

  it.each(['[{"a": 1}', '[{"a": 1}] x', "[1,,2]"])("refuses %j", async (text) => {
    await expect(json(text, size)).rejects.toMatchObject({ code: "IAPP_PREDICT_JSON" });
  });
});

describe.each([1, 4, 1000])("CSV records in pieces of %d characters", (size) => {
  const csv = async (text: string): Promise<[string, number, number][]> =>
    (await collect(csvRecords(pieces(text, size)))).map(({ text: t, fields, line }) => [t, fields, line]);

  it("keeps quoted commas, quotes and line ends, leaves empty lines out", async () => {
    expect(await csv('\ufeffa,b\r\n1,"x, ""y""\nz"\r\n\r\n2,\r\n')).toEqual([
      ["a,b", 2, 1],
      ['1,"x, ""y""\nz"', 2, 2],
      ["2,", 2, 5],
    ]);
    expect(await csv("a\n1")).toEqual([
      ["a", 1, 1],
      ["1", 1, 2],
    ]);
  });

  it("says where a quoted field begins that does not end", async () => {
    await expect(csv('a,b\n1,"x\n2,y\n')).rejects.toMatchObject({ code: "IAPP_PREDICT_CSV", where: "line 2" });
  });
});

describe("writing back", () => {
  it("quotes what must be quoted", () => {
    expect([1.5, "a,b", 'say "x"', null, true].map(csvField)).toEqual(["1.5", '"a,b"', '"say ""x"""', "", "true"]);
    expect(csvNames('a,"b,c",,d')).toEqual(["a", "b,c", "", "d"]);
  });

  it("adds columns without touching the row", () => {
    const columns = { prediction: 1 };
    const row = (raw: string) => ({ raw, where: "" });
    expect(csvHeader("a,b", columns)).toBe("a,b,prediction");
    expect(csvLine(row('1,"x"'), columns)).toBe('1,"x",1');
    expect(jsonLine(row('{ "a": 12345678901234567890 }'), columns)).toBe('{ "a": 12345678901234567890,"prediction":1}');
    expect(jsonLine(row("{}"), columns)).toBe('{"prediction":1}');
    expect(jsonLine(row("[1, 2]"), columns)).toBe('{"input":[1, 2],"prediction":1}');
  });

  it("names probabilities by class and never hides a column of the input", () => {
    const answer = { predictions: ["no"], probabilities: [{ no: 0.9, yes: 0.1 }], version: null, id: null, ms: 0 };
    expect(new PredictionColumns(["a"]).of(answer, 0)).toEqual({
      prediction: "no",
      probability_no: 0.9,
      probability_yes: 0.1,
    });
    expect(Object.keys(new PredictionColumns(["prediction"]).of(answer, 0))[0]).toBe("iapp_prediction");
  });
});

describe("a source", () => {
  it("is known by its file's name", () => {
    const names: [string, Format | null][] = [
      ["a.csv", "csv"],
      ["A.JSONL", "ndjson"],
      ["a.json", "json"],
      ["a.parquet", "parquet"],
      ["a.txt", null],
    ];
    for (const [name, format] of names) expect(formatOf(name)).toBe(format);
  });

  it("is known by its first character when nothing else says it", async () => {
    for (const [text, format] of [
      ["a,b\n1,2\n", "csv"],
      ['[{"a":1}]', "json"],
      ['  {"a":1}', "json"],
    ]) {
      expect((await streamSource(bytes(text!), undefined)).format).toBe(format);
    }
  });

  it("makes requests from rows", async () => {
    const csv = await streamSource(bytes("a,b\n1,2\n3,4\n"), undefined);
    expect(bodyOf(csv, await collect(csv.rows))).toEqual({ body: "a,b\n1,2\n3,4\n", type: "text/csv" });
    const lines = await streamSource(bytes('{"a":1}\n{"a":2}\n'), "ndjson");
    expect(bodyOf(lines, await collect(lines.rows))).toEqual({
      body: '{"rows":[{"a":1},{"a":2}]}',
      type: "application/json",
    });
  });

  it("names the place of what cannot be read", async () => {
    const wide = await streamSource(bytes("a,b\n1,2\n3\n"), undefined);
    await expect(collect(wide.rows)).rejects.toMatchObject({ where: "line 3" });
    const broken = await streamSource(bytes('{"a":1}\n{"a":}\n'), "ndjson");
    await expect(collect(broken.rows)).rejects.toMatchObject({ where: "row 2", code: "IAPP_PREDICT_JSON" });
    const latin = await streamSource(bytes(new Uint8Array([97, 44, 98, 10, 0xe9, 10])), "csv")
      .then(
        (source) => collect(source.rows),
        (error) => Promise.reject(error),
      )
      .catch((error) => error);
    expect(latin).toMatchObject({ code: "IAPP_PREDICT_ENCODING" });
  });

  it("turns the service's positions into the person's", () => {
    const rows = [7, 8].map((n) => ({ raw: "", where: `line ${n}` }));
    const error = rowError(
      new Rejected(422, "invalid", "1 row does not fit", [
        { row: 1, field: "Age", reason: "missing" },
        { row: null, field: null, reason: "size" },
      ]),
      rows,
    );
    expect(error).toMatchObject({
      where: "line 8, Age",
      lines: ["line 8, Age: is missing", "the request: is too large"],
    });
  });
});
