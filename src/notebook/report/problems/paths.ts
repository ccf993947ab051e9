import type { DataFile } from "../data-files.js";
import type { Problem } from "./problem.js";

const FOREIGN: [RegExp, string][] = [
  [/^[A-Za-z]:[\\/]|^\\\\/, "a Windows path"],
  [/^\/kaggle\/|^(\.\.\/)+input\//, "a path of Kaggle's machines"],
  [/^\/content\//, "a path of Google Colab"],
  [/^\/(dbfs|databricks|mnt\/data)\b/, "a path of another platform"],
];

/** Paths that exist on one machine only. Whether a file is there is looked at by who has a file system. */
export function foreignPath(path: string): string | null {
  return FOREIGN.find(([pattern]) => pattern.test(path))?.[1] ?? (/^(\/|~)/.test(path) ? "an absolute path" : null);
}

export function pathProblems(files: readonly DataFile[]): Problem[] {
  return files.flatMap((file): Problem[] => {
    const what = file.path === null || file.kind === "url" || file.access === "write" ? null : foreignPath(file.path);
    if (what === null) return [];
    return [
      {
        code: "IAPP_NOTEBOOK_PATH",
        level: "warning",
        cell: file.cell,
        line: file.line,
        column: null,
        message: `${file.path} is ${what}`,
        remedy: "Put the file into the project, or use a path relative to the notebook.",
      },
    ];
  });
}
