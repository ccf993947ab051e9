import type { CodeCell, Notebook } from "../notebook.js";

/** Names under which people print a version, to import names. */
const LIBRARIES: Record<string, string> = {
  pandas: "pandas",
  pd: "pandas",
  numpy: "numpy",
  np: "numpy",
  sklearn: "sklearn",
  "scikit-learn": "sklearn",
  scipy: "scipy",
  matplotlib: "matplotlib",
  seaborn: "seaborn",
  sns: "seaborn",
  statsmodels: "statsmodels",
  tensorflow: "tensorflow",
  tf: "tensorflow",
  keras: "keras",
  xgboost: "xgboost",
  xgb: "xgboost",
  lightgbm: "lightgbm",
  torch: "torch",
};

const SAID = new RegExp(
  String.raw`\b(${Object.keys(LIBRARIES).join("|")})\b(?:'s)?(?:\s+version)?(?:\s+is)?\s*[:=]*\s*v?(\d+\.\d+(?:\.\d+)?)`,
  "gi",
);
const ASKED = /\b(\w+)\.__version__/g;
const LONGEST = 20_000;

/** Versions that the author's own run printed, by import name: `pandas 1.3.5`, or the output of `pd.__version__`. */
export function printedVersions(notebook: Notebook): Map<string, string> {
  const found = new Map<string, string>();
  for (const cell of notebook.code) {
    const text = textOf(cell);
    const asked = [...cell.source.matchAll(ASKED)].map(([, name]) => LIBRARIES[name!.toLowerCase()]);
    if (asked.length === 0 && !/version|watermark/i.test(cell.source)) continue;
    for (const [, name, version] of text.matchAll(SAID)) found.set(LIBRARIES[name!.toLowerCase()]!, version!);
    const bare = text.match(/\b\d+\.\d+(?:\.\d+)?\b/g) ?? [];
    // One version for each that was asked for, in their order.
    if (asked.length > 0 && bare.length === asked.length) {
      asked.forEach((module, i) => {
        if (module !== undefined) found.set(module, bare[i]!);
      });
    }
  }
  return found;
}

function textOf({ outputs }: CodeCell): string {
  const parts = outputs.map((output) => {
    const data = output.data as Record<string, unknown> | undefined;
    const text = output.output_type === "stream" ? output.text : data?.["text/plain"];
    return Array.isArray(text) ? text.join("") : typeof text === "string" ? text : "";
  });
  return parts.join("\n").slice(0, LONGEST);
}
