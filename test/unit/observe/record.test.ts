import { describe, expect, it } from "vitest";
import { parseRecord } from "../../../src/observe/record.js";

const labels = { component: "scoring", version: "v1", color: "blue" };
const read = (line: string | object): ReturnType<typeof parseRecord> =>
  parseRecord(typeof line === "string" ? line : JSON.stringify(line), labels, 5);

describe("reading a line of a log", () => {
  it("takes our own lines as they are", () => {
    const line = {
      t: 7,
      component: "router",
      level: "warn",
      message: "GET / 404",
      version: "v2",
      request: "r1",
      ms: 3,
    };
    expect(read(line)).toMatchObject({
      t: 7,
      component: "router",
      level: "warn",
      message: "GET / 404",
      version: "v2",
      request: "r1",
      fields: { ms: 3 },
    });
  });

  it("opens what a program logged as JSON", () => {
    const inner = { t: 6.5, level: "ERROR", message: "scoring failed", id: "abc", rows: 2, component: "x" };
    expect(
      read({ t: 7, component: "scoring", version: "v3", stream: "stderr", line: JSON.stringify(inner) }),
    ).toMatchObject({
      t: 6.5,
      component: "scoring",
      version: "v3",
      level: "error",
      message: "scoring failed",
      request: "abc",
      fields: { rows: 2, id: "abc" },
    });
  });

  it("keeps printed text, whatever it looks like", () => {
    for (const line of ["hello", "{not json", "[1, 2]", '{"a": 1}', "null", ""]) {
      expect(read({ t: 7, stream: "stdout", line })).toMatchObject({ message: line, t: 7, stream: "stdout" });
    }
    expect(read("plain text")).toMatchObject({ t: 5, component: "scoring", version: "v1", message: "plain text" });
  });

  it.each([
    ["Traceback (most recent call last):", "error"],
    ["2026-01-01 ERROR it broke", "error"],
    ["/lib/x.py:3: FutureWarning: soon", "info"],
    ["UserWarning: careful", "warn"],
    ["WARNING:root:careful", "warn"],
    ["no errors here", "info"],
  ])("judges %j as %s", (line, level) => {
    expect(read({ t: 1, line }).level).toBe(level);
  });

  it("knows the cell of a training line", () => {
    const line = { t: 1, component: "training", cell: 4, stream: "stdout", line: "0.93" };
    expect(read(line)).toMatchObject({ component: "training", cell: 4, message: "0.93" });
  });
});
