/** The text of a notebook with these code cells. */
export const notebook = (...cells: string[]): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "python3", language: "python", display_name: "Python 3" } },
    cells: cells.map((source, i) => ({
      cell_type: "code",
      id: `c${i}`,
      metadata: {},
      execution_count: i + 1,
      source,
      outputs: [],
    })),
  });

/** A model, fitted on a file that is not there. */
export const MODEL: string = notebook(
  "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
  "df = pd.read_csv('rows.csv')",
  "model = LinearRegression().fit(df[['a']], df['b'])",
  "pred = model.predict(df[['a']])",
);
