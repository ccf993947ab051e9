import { describe, expect, it } from "vitest";
import { agreement, parseNotebook } from "../../../src/notebook/index.js";

type Printed = string | { html: string; plain: string } | { png: true; plain: string } | { error: string } | null;

function notebook(cells: [source: string, printed: Printed][], major = 4) {
  const outputs = (printed: Printed): object[] => {
    if (printed === null) return [];
    if (typeof printed === "string") {
      return [major === 3 ? { output_type: "stream", stream: "stdout", text: [printed] } : stream(printed)];
    }
    if ("error" in printed) return [{ output_type: "error", ename: printed.error, evalue: "", traceback: [] }];
    const type = "html" in printed ? "text/html" : "image/png";
    const data = { "text/plain": [printed.plain], [type]: "..." };
    return [{ output_type: "execute_result", execution_count: 1, metadata: {}, data }];
  };
  const code = cells.map(([source, printed], i) => ({
    cell_type: "code",
    metadata: {},
    [major === 3 ? "input" : "source"]: source,
    [major === 3 ? "prompt_number" : "execution_count"]: i + 1,
    outputs: outputs(printed),
  }));
  const document =
    major === 3
      ? { nbformat: 3, nbformat_minor: 0, metadata: {}, worksheets: [{ cells: code }] }
      : { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: code };
  return parseNotebook(JSON.stringify(document), "nb.ipynb");
}

const stream = (text: string): object => ({ output_type: "stream", name: "stdout", text: [text] });

/** Verdict of one cell that printed the one thing then and the other now; null when it is not compared. */
function verdict(stored: Printed, now: Printed): string | null {
  return agreement(notebook([["run()", stored]]), notebook([["run()", now]])).cells[0]?.verdict ?? null;
}

describe("agreement with the stored outputs", () => {
  it.each<[string, Printed, Printed, string | null]>([
    ["the same numbers", "accuracy 0.8512", "accuracy 0.8512", "equal"],
    ["fewer digits then", "0.85", "0.8512334", "equal"],
    ["fewer digits now", "0.8512334", "0.85", "equal"],
    ["another last digit", "0.8512", "0.8519", "close"],
    ["a random split without a seed", "0.8512", "0.83", "close"],
    ["another result", "0.8512", "0.6122", "different"],
    ["counts that are off by one", "n = 100", "n = 101", "close"],
    ["counts that are far off", "100 rows", "77 rows", "different"],
    ["another sign", "-0.5", "0.5", "different"],
    ["exponents", "1.5e-05", "0.0000150", "equal"],
    ["one number of many", "1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 9 50", "close"],
    ["two numbers of ten", "1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 90 50", "different"],
    ["a table with other columns", "a 1 2 3", "a 1 3", null],
    ["words only", "done", "finished", null],
    ["addresses", "<object at 0x7f01> 5", "<object at 0x9902> 5", "equal"],
    ["times", "Wall time: 3 s", "Wall time: 9 s", null],
    ["a table with its HTML", { html: "", plain: "x 1.0" }, { html: "", plain: "x 1.0" }, "equal"],
    ["a picture", { png: true, plain: "<Figure 640x480>" }, { png: true, plain: "<Figure 432x288>" }, null],
    ["an error then", { error: "ValueError" }, "1", null],
    ["nothing now", "1", null, null],
  ])("%s", (_what, stored, now, expected) => {
    expect(verdict(stored, now)).toBe(expected);
  });

  it("names the first number that differs, and counts", () => {
    const stored = notebook([
      ["a", "1 2 3"],
      ["b", "0.90"],
      ["c", null],
      ["d", "score 0.9 at 10"],
    ]);
    const now = notebook([
      ["a", "1 2 3"],
      ["b", "0.91"],
      ["c", "5"],
      ["d", "score 0.4 at 10"],
    ]);
    expect(agreement(stored, now)).toEqual({
      schema: "iapp.agreement/1",
      equal: 1,
      close: 1,
      different: 1,
      cells: [
        { cell: 1, verdict: "equal", first: null },
        { cell: 2, verdict: "close", first: { stored: "0.90", now: "0.91" } },
        { cell: 4, verdict: "different", first: { stored: "0.9", now: "0.4" } },
      ],
    });
  });

  it("leaves out a cell whose source is another one, and reads old files", () => {
    expect(agreement(notebook([["a", "1"]]), notebook([["b", "2"]])).cells).toEqual([]);
    expect(agreement(notebook([["a", "1.5"]], 3), notebook([["a", "1.5"]])).equal).toBe(1);
  });
});
