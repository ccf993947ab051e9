import { describe, expect, it } from "vitest";
import { buildProgram, staticReport } from "../../../src/notebook/index.js";
import { type CellOptions, notebookOf, parser } from "./parser.js";

const MODEL =
  "import pandas as pd\nfrom sklearn.linear_model import Ridge\ndf = pd.read_csv('d.csv')\nm = Ridge(alpha=a).fit(df[['x']], df['y'])\nm.predict(df[['x']])";
const ASKS = "a = float(input('Alpha: '))";
const printed = (text: string | string[]) => ({ output_type: "stream", name: "stdout", text });
const typed = (text: string) => ({ output_type: "stream", name: "stdin", text });

const cells = (...outputs: object[]): (string | [string, CellOptions])[] => [[ASKS, { outputs }], MODEL];
const told = (...outputs: object[]) =>
  staticReport(notebookOf(cells(...outputs)), { parser }).problems.find(({ code }) => code === "IAPP_NOTEBOOK_INPUT")!;
const program = (parameters: string[], given = cells()) =>
  buildProgram(notebookOf(given), { path: "/p/n.ipynb", workdir: "/p", parser, parameters });

describe("input()", () => {
  it("is answered by what was typed when the notebook was saved", () => {
    expect(told(printed("Alpha: 0.5\n"))).toMatchObject({ level: "info", message: /answered with "0\.5"/ });
    expect(told(printed(["loaded\n", "Alpha: 0.5\n", "done\n"]))).toMatchObject({ message: /"0\.5"/ });
    expect(told(typed("Alpha:  0.5\n"))).toMatchObject({ level: "info", message: /"0\.5"/ });
  });

  it("stands in the way where no output shows the answer", () => {
    expect(told()).toMatchObject({ level: "error", remedy: /-p NAME=value/ });
    expect(told(printed("Beta: 0.5\n"))).toMatchObject({ level: "error" });
  });

  it("brings the stored lines into the program, and none where nothing asks", () => {
    expect(program([], cells(printed("Alpha: 0.5\n"))).answers).toEqual({
      "1": [{ text: "Alpha: 0.5", typed: false }],
    });
    expect(program([], [["a = 1", { outputs: [printed("x")] }], MODEL]).answers).toEqual({});
  });

  it("gives way to a parameter: the answer as text, all around it as written", () => {
    const made = program(["a=0.25"]);
    expect(made.cells[0]!.source).toBe('a = float("0.25")');
    expect(made.parameters).toMatchObject([{ name: "a", value: "0.25", how: "assign", cell: 1 }]);
    expect(staticReport(notebookOf(cells()), { parser }).parameters).toMatchObject([
      { name: "a", value: "input('Alpha: ')" },
    ]);
  });
});
