import { notebookText } from "../../helpers/notebook-file.js";

/** The text of a notebook with these code cells. */
export const notebook = (...cells: string[]): string => notebookText(cells);

/** A model, fitted on a file that is not there. */
export const MODEL: string = notebook(
  "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
  "df = pd.read_csv('rows.csv')",
  "model = LinearRegression().fit(df[['a']], df['b'])",
  "pred = model.predict(df[['a']])",
);
