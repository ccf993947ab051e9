import { describe, expect, it } from "vitest";
import { Merger } from "../../../src/observe/merge.js";
import { type LogRecord, parseRecord } from "../../../src/observe/record.js";

const at = (t: number, message: string): LogRecord =>
  parseRecord(JSON.stringify({ t, message }), { component: "x" }, 0);
const messages = (records: LogRecord[]): string[] => records.map(({ message }) => message);

describe("merging", () => {
  it("orders what several sources bring within the window", () => {
    const merger = new Merger(1);
    merger.push([at(10.2, "b"), at(10.6, "d")]);
    expect(merger.take(11)).toEqual([]);
    merger.push([at(10.1, "a"), at(10.4, "c")]);
    expect(messages(merger.take(11.5))).toEqual(["a", "b", "c"]);
    expect(messages(merger.flush())).toEqual(["d"]);
    expect(merger.flush()).toEqual([]);
  });

  it("keeps the order of one source's lines with the same time", () => {
    const merger = new Merger(0);
    merger.push([at(1, "a"), at(1, "b")]);
    merger.push([at(1, "c")]);
    expect(messages(merger.take(2))).toEqual(["a", "b", "c"]);
  });

  it("gives out what comes too late, and loses nothing", () => {
    const merger = new Merger(1);
    merger.push([at(10, "a")]);
    expect(messages(merger.take(12))).toEqual(["a"]);
    merger.push([at(9, "late")]);
    expect(messages(merger.take(12))).toEqual(["late"]);
  });
});
