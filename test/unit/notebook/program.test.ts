import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/core/errors.js";
import { buildProgram, type ProgramOptions } from "../../../src/notebook/index.js";
import { type CellOptions, notebookOf, parser } from "./parser.js";

type Cells = (string | [string, CellOptions])[];

function program(cells: Cells, options: Partial<ProgramOptions> = {}) {
  return buildProgram(notebookOf(cells), { path: "/p/n.ipynb", workdir: "/p", parser, ...options });
}

function refusal(cells: Cells, options: Partial<ProgramOptions>): UserError {
  try {
    program(cells, options);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function at(source: string, span: readonly [number, number]): string {
  return Buffer.from(source).subarray(span[0], span[1]).toString();
}

describe("the program", () => {
  it("holds the masked cells, what is skipped, and defaults", () => {
    const made = program(["%pwd\nx = 1", "# iapp: skip\nplot()", "y = 2"], { skip: [3] });
    expect(made).toMatchObject({
      schema: "iapp.program/1",
      notebook: "/p/n.ipynb",
      workdir: "/p",
      language_version: "3.11",
      parameters: [],
      serve: { name: null, cell: null },
      limits: { cell_seconds: 3600, run_seconds: null, output_bytes_per_cell: 1_000_000 },
      stop_on_error: false,
      env: {},
    });
    expect(made.cells.map(({ cell, skip, directives }) => ({ cell, skip, directives }))).toEqual([
      { cell: 1, skip: false, directives: [] },
      { cell: 2, skip: true, directives: ["skip"] },
      { cell: 3, skip: true, directives: [] },
    ]);
    expect(made.cells[0]!.source).toBe("pass\nx = 1");
  });

  it("puts a constant's new value into the source, in its type", () => {
    const cells = ["# Größe\nn = 100; rate = 0.1  # a\nname = 'a'\nflag = True\nsizes = [1, 2]\nnone = None"];
    const { cells: made, parameters } = program(cells, {
      parameters: ["n=7", "rate=1e-3", "name=0123", "flag=false", 'sizes=[3, "x", null, {"a": true}]', "none=x y"],
    });
    const source = made[0]!.source;
    expect(source).toBe(
      '# Größe\nn = 7; rate = 1e-3  # a\nname = "0123"\nflag = False\nsizes = [3, "x", None, {"a": True}]\nnone = "x y"',
    );
    expect(parameters.map(({ name, how, span }) => [name, how, at(source, span!)])).toEqual([
      ["n", "assign", "7"],
      ["rate", "assign", "1e-3"],
      ["name", "assign", '"0123"'],
      ["flag", "assign", "False"],
      ["sizes", "assign", '[3, "x", None, {"a": True}]'],
      ["none", "assign", '"x y"'],
    ]);
    expect(parameters[4]!.value).toEqual([3, "x", null, { a: true }]);
  });

  it("keeps a cell's height and the spans of magics behind the value", () => {
    const { cells } = program(["grid = {\n  'a': 1,\n}  # the grid\n!ls -l\n"], { parameters: ['grid={"b": 2}'] });
    const { source, magics } = cells[0]!;
    expect(source).toBe('grid = ({"b": 2}\n\n)  # the grid\npass  \n');
    expect(at(source, magics[0]!.span)).toBe("pass  ");
  });

  it("prefers the parameters cell, then the environment, then a constant", () => {
    const made = program(
      [["import os\nn = os.cpu_count()", { tags: ["parameters"] }], "n = 3", "m = int(os.environ.get('m', 1))\nm = 4"],
      { parameters: ["n=5", "m=6"] },
    );
    expect(made.cells[0]!.source).toBe("import os\nn = 5");
    expect(made.cells[1]!.source).toBe("n = 3");
    expect(made.env).toEqual({ m: "6" });
    expect(made.parameters.map(({ name, how, cell }) => [name, how, cell])).toEqual([
      ["n", "cell", 1],
      ["m", "env", null],
    ]);
  });

  it.each([
    ["an unknown name", ["n_trees = 3"], "n_tree=4", /no parameter "n_tree"/, /Did you mean "n_trees"/],
    ["no name", ["n = 3"], "n", /"n" is no parameter/, /-p name=value/],
    ["text for a number", ["n = 3"], "n=many", /"n" is a number/, /-p n=/],
    ["a number for a list", ["n = [3]"], "n=1", /is a list or a mapping/, /JSON/],
    ["a value computed", ["n = f()"], "n=1", /no parameter "n"/, /To make one/],
    ["a value given twice", ["n = 1", "n = 2"], "n=1", /in several places/, /Tag the cell/],
    ["a name bound by a loop too", ["n = 1", "for n in x: pass"], "n=1", /in several places/, /Tag the cell/],
  ])("refuses %s", (_, cells, parameter, message, remedy) => {
    const error = refusal(cells, { parameters: [parameter] });
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
    expect(error.code).toBe("IAPP_NOTEBOOK_PARAMETER");
  });

  it("takes what is served from the option, else from the directive", () => {
    expect(program(["a", "# iapp: serve\nb"]).serve).toEqual({ name: null, cell: 2 });
    expect(program(["a", "# iapp: serve\nb"], { serve: { name: "clf" } }).serve).toEqual({ name: "clf", cell: null });
    expect(program(["a", "b"], { serve: { cell: 1 } }).serve).toEqual({ name: null, cell: 1 });
    expect(refusal(["a"], { serve: { cell: 4 } }).message).toBe("there is no cell 4");
    expect(refusal(["# iapp: serve", "# iapp: serve\nx"], {}).where).toBe("cells 1, 2");
  });

  it("reads directives in comments and tags, and refuses unknown ones with the nearest", () => {
    const made = program(["x = '# iapp: skip'", ["# iapp: train-only, input\nx", { tags: ["iapp:serve", "hide"] }]]);
    expect(made.cells.map((cell) => cell.directives)).toEqual([[], ["train-only", "input", "serve"]]);
    const error = refusal(["x\n# iapp: skipp"], {});
    expect([error.code, error.where]).toEqual(["IAPP_NOTEBOOK_DIRECTIVE", "cell 1, line 2"]);
    expect(error.remedy).toMatch(/Did you mean "skip"\?/);
  });
});
