import { describe, expect, it } from "vitest";
import { buildProgram, staticReport } from "../../../src/notebook/index.js";
import { type CellOptions, notebookOf, parser } from "./parser.js";

type Given = [source: string, options: CellOptions];

const shown = { output_type: "stream", name: "stdout", text: "0.9\n" };
const nameError = { output_type: "error", ename: "NameError", evalue: "", traceback: [] };

const READ = "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\ndf = pd.read_csv('d.csv')";
const FIT = "m = LinearRegression().fit(X, y)\nprint(m.predict(X))";
const PARTS = "X = df[['a']]\ny = df['y']";

const report = (...cells: Given[]) => staticReport(notebookOf(cells), { parser });
const orderOf = (...cells: Given[]) => report(...cells).order;
/** Cells with these execution counts, in the order of the file. */
const counted = (counts: (number | null)[], ...sources: string[]): Given[] =>
  sources.map((source, i) => [source, { count: counts[i] ?? null }]);
const hidden = (...cells: Given[]) =>
  report(...cells).problems.find(({ code }) => code === "IAPP_NOTEBOOK_HIDDEN_STATE")?.message;

describe("the order in which cells are run", () => {
  it("is the file's where that defines every name, whatever the counts say", () => {
    expect(orderOf(...counted([1, 3, 2], READ, PARTS, FIT))).toBeNull();
  });

  it("puts the cell that defines a name above the first that uses it, when the counts say so", () => {
    const cells = counted([1, 3, 2], READ, FIT, PARTS);
    expect(orderOf(...cells)).toEqual({
      cells: [1, 3, 2],
      by: "dependencies",
      moves: [
        {
          cell: 3,
          before: 2,
          names: ["X", "y"],
          evidence: "by the stored execution counts cell 3 ran as number 2, cell 2 as number 3",
        },
      ],
    });
    const { problems, missing } = report(...cells);
    expect(problems.filter(({ level }) => level === "error")).toEqual([]);
    expect(problems.map(({ message }) => message).join()).toMatch(/cell 3 is run before cell 2, which uses `X`, `y`/);
    expect(missing).toEqual({});
  });

  it("takes a stored output of the using cell for evidence where there are no counts", () => {
    const cells: Given[] = [
      [READ, {}],
      [FIT, { outputs: [shown] }],
      [PARTS, {}],
    ];
    expect(orderOf(...cells)).toMatchObject({ cells: [1, 3, 2], moves: [{ evidence: /has a stored output/ }] });
  });

  it("takes along the cells in between that the definer depends on, and leaves the others", () => {
    const cells = counted([1, 5, 2, 6, 4], READ, FIT, "cols = ['a']", "print(df.shape)", "X = df[cols]\ny = df['y']");
    const order = orderOf(...cells);
    expect(order?.cells).toEqual([1, 3, 5, 2, 4]);
    expect(order?.moves.map(({ cell, before, names }) => [cell, before, names])).toEqual([
      [3, 2, []],
      [5, 2, ["X", "y"]],
    ]);
    expect(
      report(...cells)
        .problems.map(({ message }) => message)
        .join(),
    ).toMatch(/cell 3 is run before cell 2, because another cell that is run before it depends on cell 3/);
  });

  it("moves several cells, each above the first that uses it", () => {
    const cells = counted([1, 5, 3, 2, 4], READ, FIT, "X = df[cols]", "cols = ['a']", "y = df['y']");
    expect(orderOf(...cells)?.cells).toEqual([1, 4, 3, 5, 2]);
  });

  it("follows names that a function of the notebook needs when it is called", () => {
    const cells = counted(
      [1, 2, 4, 3],
      READ,
      "def prepare(t):\n    return t[COLS]",
      `X = prepare(df)\ny = df['y']\n${FIT}`,
      "COLS = ['a']",
    );
    expect(orderOf(...cells)?.cells).toEqual([1, 2, 4, 3]);
  });

  it("lets imports cross anything, also when they are repeated", () => {
    const cells = counted(
      [2, 3, 1],
      "df = pd.read_csv('d.csv')",
      `import pandas as pd\n${PARTS}\n${FIT}`,
      "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
    );
    expect(orderOf(...cells)?.cells).toEqual([3, 1, 2]);
  });

  it.each([
    ["a loop gives the name itself", "for i in [1, 2]:\n    if i > 1:\n        print(K)\n    K = i"],
    ["a try provides for its absence", "try:\n    K\nexcept NameError:\n    K = 1"],
    ["it may come unseen", "globals()['K'] = 2\nk = K"],
  ])("does not move a cell up where %s", (_, user) => {
    expect(orderOf(...counted([1, 3, 2], READ, `${user}\n${PARTS}\nX = X * K\n${FIT}`, "K = 3"))).toBeNull();
  });

  it("does not move a cell over one that tries whether its name is there", () => {
    const tries = "try:\n    X\nexcept NameError:\n    print('not yet')";
    expect(orderOf(...counted([1, 2, 4, 3], READ, tries, FIT, PARTS))?.cells).toEqual([1, 2, 4, 3]);
    // It comes along, so that the name is still not there when it tries.
    expect(orderOf(...counted([1, 4, 2, 3], READ, FIT, tries, PARTS))?.cells).toEqual([1, 3, 4, 2]);
  });

  it("does not move anything for what only a plot lacks", () => {
    expect(orderOf(...counted([1, 4, 2, 3], READ, "print(title)", "title = 'x'", `${PARTS}\n${FIT}`))).toBeNull();
  });
});

describe("another order is not taken", () => {
  it("where nothing shows that the cells ever ran in it", () => {
    const cells = counted([], READ, FIT, PARTS);
    expect(orderOf(...cells)).toBeNull();
    expect(hidden(...cells)).toBe(
      "`X` is used here and defined only later (cell 3, line 1); no other order is sure: nothing stored in the file shows that cell 2 ran after cell 3",
    );
    expect(report(...cells).missing.X).toMatch(/first defined in cell 3.*Move cell 3 above cell 2\./);
  });

  it("where the counts contradict it", () => {
    expect(hidden(...counted([1, 2, 3], READ, FIT, PARTS))).toMatch(/cell 3 ran as number 3, cell 2 as number 2/);
  });

  it("where the using cell failed when it was saved", () => {
    expect(hidden([READ, {}], [FIT, { outputs: [nameError] }], [PARTS, {}])).toMatch(
      /stored output of cell 2 is an error/,
    );
  });

  it.each([
    ["rebinds", "df = df.dropna()\nX = df[['a']]\ny = df['y']"],
    ["changes", "df.dropna(inplace=True)\nX = df[['a']]\ny = df['y']"],
  ])("where the defining cell %s what the using cell reads", (_, definer) => {
    const cells = counted([1, 3], READ, `df.head()\n${FIT}`, definer);
    cells[1]![1].outputs = [shown];
    expect(orderOf(...cells)).toBeNull();
    expect(hidden(...cells)).toMatch(/cells 2 and 3 share `df`, so that their order matters/);
  });

  it("where a cell in between changes what the definer reads and the user reads too", () => {
    const cells = counted([1, null, null, null], READ, `k = len(df)\n${FIT}`, "df = df[df.a > 0]", PARTS);
    cells[1]![1].outputs = [shown];
    expect(hidden(...cells)).toMatch(/cells 2 and 3 share `df`/);
  });

  it("where a later cell gives the name another value and no count tells which was meant", () => {
    const cells = counted([1, null, null, null], READ, FIT, PARTS, "X = X * 2");
    cells[1]![1].outputs = [shown];
    expect(hidden(...cells)).toMatch(/cell 4 gives `X` another value/);
  });

  it("where two cells need each other", () => {
    const cells = counted([1, 3, 2], READ, `K = 2\n${FIT}`, `X = df[['a']] * K\ny = df['y']`);
    expect(hidden(...cells)).toMatch(/cells 2 and 3 each need what the other defines/);
  });

  it("where a file is written in between and read by the moved cell", () => {
    const cells = counted(
      [1, null, null, null],
      "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
      `pd.DataFrame({'a': [1, 2]}).to_csv('x.csv')\n${FIT}`,
      "X = pd.read_csv('x.csv')\ny = X['a']",
    );
    cells[1]![1].outputs = [shown];
    expect(hidden(...cells)).toMatch(/share the file x\.csv/);
  });

  it("where both draw from a seeded sequence of random numbers", () => {
    const cells = counted(
      [1, null, null],
      `${READ}\nimport numpy as np\nnp.random.seed(1)`,
      `s = np.random.rand(3)\n${FIT}`,
      "y = df['y']\nX = np.random.rand(len(y), 2)",
    );
    cells[1]![1].outputs = [shown];
    expect(hidden(...cells)).toMatch(/share the sequence of random numbers/);
  });

  it("across a cell that may bring any name", () => {
    const cells = counted([1, null, null, null], READ, FIT, "exec(open('more.py').read())", PARTS);
    cells[1]![1].outputs = [shown];
    expect(hidden(...cells)).toMatch(/cells 2 and 3 share all names \(a shell command/);
  });
});

describe("the order of the stored counts", () => {
  it("decides where cells share names, when every cell has its own count", () => {
    const cells = counted([1, 5, 2, 3, 4], READ, FIT, PARTS, "X = X * 2", "y = y + 1");
    expect(orderOf(...cells)).toMatchObject({ cells: [1, 3, 4, 5, 2], by: "counts" });
  });

  it("does not decide where a cell has none", () => {
    const cells = counted([1, 5, 2, null, 4], READ, FIT, PARTS, "X = X * 2", "y = y + 1");
    expect(orderOf(...cells)).toBeNull();
  });

  it("does not decide where the using cell failed in it", () => {
    const cells = counted([1, 5, 2, 3, 4], READ, FIT, PARTS, "X = X * 2", "y = y + 1");
    cells[1]![1].outputs = [nameError];
    expect(orderOf(...cells)).toBeNull();
  });

  it("does not decide where it leaves a name undefined", () => {
    const cells = counted([1, 2, 3, 4], READ, FIT, PARTS, "X = X * 2");
    expect(orderOf(...cells)).toBeNull();
  });
});

describe("the program", () => {
  it("carries the cells as they are run, with their own numbers, and says why", () => {
    const notebook = notebookOf(counted([1, 3, 2, 4], READ, FIT, PARTS, "# iapp: skip\nplot()"));
    const { order } = staticReport(notebook, { parser });
    const program = buildProgram(notebook, { path: "/p/n.ipynb", workdir: "/p", parser, order, parameters: [] });
    expect(program.cells.map(({ cell, position }) => [cell, position])).toEqual([
      [1, 0],
      [3, 2],
      [2, 1],
      [4, 3],
    ]);
    expect(program.order).toEqual(order);
    expect(program.remarks).toMatchObject([{ code: "IAPP_NOTEBOOK_ORDER", cell: 2 }]);
  });
});
