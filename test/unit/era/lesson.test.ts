import { describe, expect, it } from "vitest";
import type { TrainResult } from "../../../src/actions/train/index.js";
import { ATTEMPTS, lessonOf } from "../../../src/actions/train/lesson.js";
import type { Program, RecordDocument } from "../../../src/core/contract.js";
import type { Notebook } from "../../../src/notebook/index.js";
import { notebookOf } from "../notebook/parser.js";

const SOURCE = "import numpy as np\nx = np.float(3)";

interface Case {
  ename: string;
  evalue: string;
  matters?: boolean;
  source?: string;
  language?: string | null;
  attempt?: number;
}

/** What one failing cell of a refused run teaches: the bounds as text, or null. */
function lesson({
  ename,
  evalue,
  matters = true,
  source = SOURCE,
  language = null,
  attempt = 1,
}: Case): string[] | null {
  const failure = { cell: 1, line: 2, ename, evalue, traceback: [], matters, why: "" };
  const record = { status: "refused", failures: [failure], cells: [], warnings: [], packages: {} };
  const program = { cells: [{ cell: 1, source }] } as unknown as Program;
  const notebook = notebookOf(
    [source],
    language === null ? { language_info: {} } : { language_info: { version: language } },
  );
  const found = lessonOf(resultOf(record), program, notebook, attempt);
  return found === null ? null : found.bounds.map(({ distribution, below }) => `${distribution}<${below}`);
}

const resultOf = (record: object): TrainResult => ({ record: record as RecordDocument }) as TrainResult;

describe("what a run teaches about versions", () => {
  it("is what its error says of a name or parameter", () => {
    const error = { ename: "AttributeError", evalue: "module 'numpy' has no attribute 'float'." };
    expect(lesson(error)).toEqual(["numpy<1.24"]);
    expect(lesson({ ...error, attempt: ATTEMPTS })).toBeNull();
  });

  it("is the author's time where the error says nothing", () => {
    const error = { ename: "TypeError", evalue: "something about arguments that nobody has met yet" };
    expect(lesson({ ...error, language: "3.8.3" })).toContain("pandas<1.4");
    expect(lesson(error)).toBeNull();
    expect(lesson({ ename: "AttributeError", evalue: "'Thing' object has no attribute 'old'" })).toContain(
      "pandas<2.0",
    );
  });

  it.each([
    ["NameError", "name 'x' is not defined"],
    ["FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'"],
    ["KeyError", "'no such column'"],
    ["ZeroDivisionError", "division by zero"],
  ])("is nothing for %s: %s", (ename, evalue) => {
    expect(lesson({ ename, evalue, language: "3.8.3" })).toBeNull();
  });

  it("counts failing cells beside the model only where no cell of it fails", () => {
    const old = {
      cell: 1,
      line: 2,
      ename: "AttributeError",
      evalue: "module 'numpy' has no attribute 'float'.",
      traceback: [],
      why: "",
    };
    const missing = { ...old, ename: "FileNotFoundError", evalue: "a.csv" };
    const record = (failures: object[]): object => ({
      status: "refused",
      failures,
      cells: [],
      warnings: [],
      packages: {},
    });
    const program = { cells: [{ cell: 1, source: SOURCE }] } as unknown as Program;
    const notebook: Notebook = notebookOf([SOURCE], { language_info: {} });
    const both = resultOf(
      record([
        { ...old, matters: false },
        { ...missing, matters: true },
      ]),
    );
    expect(lessonOf(both, program, notebook, 1)).toBeNull();
    const aside = resultOf(record([{ ...old, matters: false }]));
    expect(lessonOf(aside, program, notebook, 1)?.bounds[0]?.distribution).toBe("numpy");
  });

  it("is pandas below 3 where a statement that matters did nothing", () => {
    const silent = (verdict: string, pandas: string): object => ({
      status: "ok",
      failures: [],
      cells: [{ cell: 3, verdict }],
      warnings: [{ code: "IAPP_NOTEBOOK_NO_EFFECT", cell: 3, line: 1, text: "" }],
      packages: { pandas },
    });
    const learn = (record: object) =>
      lessonOf(resultOf(record), { cells: [] } as unknown as Program, notebookOf([SOURCE]), 1);
    expect(learn(silent("score", "3.1.0"))?.why).toContain("cell 3, line 1 has no effect with pandas 3.1.0");
    expect(learn(silent("drop", "3.1.0"))).toBeNull();
    expect(learn(silent("score", "2.3.3"))).toBeNull();
  });
});
