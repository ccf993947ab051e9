import { describe, expect, it } from "vitest";
import { staticReport } from "../../../src/notebook/index.js";
import { type CellOptions, notebookOf, parser } from "./parser.js";

const READ = "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\ndf = pd.read_csv('d.csv')";
const FIT = "m = LinearRegression().fit(df_clean[['a']], df['y'])\nprint(m.predict(df_clean[['a']]))";

const missing = (...cells: (string | [string, CellOptions])[]) => staticReport(notebookOf(cells), { parser }).missing;

describe("a name that no cell defines", () => {
  it("is said to be the import that everybody means", () => {
    expect(missing("df = pd.read_csv('d.csv')").pd).toBe(
      "'pd' is defined nowhere in the notebook. Probably `import pandas as pd` is meant: put it above cell 1.",
    );
    expect(missing("x = json.loads('1')").json).toMatch(/`import json`/);
    expect(missing("a, b = train_test_split([1, 2])").train_test_split).toMatch(
      /`from sklearn\.model_selection import train_test_split`/,
    );
  });

  it("is said to be the nearest name that is defined above", () => {
    expect(missing(READ, "clean_df = df.dropna()\ndfclean = df", FIT).df_clean).toMatch(
      /Did you mean `dfclean` \(cell 2\)\?/,
    );
    expect(missing(READ, FIT).df_clean).not.toMatch(/Did you mean/);
  });

  it("is told with the stored output that still shows it", () => {
    const whos = { output_type: "stream", name: "stdout", text: ["Variable   Type\n", "df_clean   DataFrame\n"] };
    expect(missing(READ, ["%whos", { outputs: [whos] }], FIT).df_clean).toMatch(
      /The stored output of cell 2 still shows the name/,
    );
  });

  it("is told with the executions that are in no cell any more", () => {
    const text = missing([READ, { count: 1 }], [FIT, { count: 4 }]).df_clean;
    expect(text).toMatch(
      /Before this cell's execution \(number 4\), executions 2, 3 are in no cell any more: one of them may/,
    );
    expect(text).toMatch(/Define `df_clean` in a cell above cell 2\.$/);
    expect(missing([READ, { count: 1 }], [FIT, { count: 2 }]).df_clean).not.toMatch(/no cell any more/);
  });

  it("is none where the cell itself defines it first, or a star import may bring it", () => {
    expect(missing(READ, "from helpers import *", FIT)).toEqual({});
    expect(missing("def f():\n    return later\nlater = 1\nf()")).toEqual({});
  });
});
