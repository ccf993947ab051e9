import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/index.js";

const found = (text: string): string[] =>
  parseConfig(text, "iapp.yaml").diagnostics.map(
    ({ severity, line, column, message }) => `${severity} ${line}:${column} ${message}`,
  );

describe("rules between keys", () => {
  it.each([
    ["serve: {cell: 3}\nskip: [1, 3]", "error 1:15 serve.cell is 3, and skip leaves that cell out"],
    ["packages: [pandas, Pandas>=2]", "error 1:20 pandas is listed twice"],
    ["packages: [scikit_learn, scikit-learn==1.5]", "error 1:26 scikit-learn is listed twice"],
    ["env: {IAPP_ON_DROPPED_ROWS: score}", "error 1:7 env: 'IAPP_ON_DROPPED_ROWS' is one of iapp's own"],
    [
      "limits: {cell_seconds: 9, run_seconds: 5}",
      "warning 1:24 limits.cell_seconds (9) has no effect: limits.run_seconds (5) is shorter",
    ],
    ["env: {API_KEY: abc}", "warning 1:7 env: API_KEY looks like a secret in a file that is shared"],
    ["port: 80", "warning 1:7 port 80 needs the rights of an administrator on most systems"],
    ["notebook: /home/me/a.ipynb", "warning 1:11 an absolute path does not exist on other machines"],
  ])("%s", (text, expected) => {
    expect(found(text)).toEqual([expected]);
    expect(parseConfig(text, "iapp.yaml").config === null).toBe(expected.startsWith("error"));
  });

  it.each([
    ["serve: {cell: 2}\nskip: [1, 3]"],
    ["packages: ['torch; sys_platform == \"linux\"', 'torch==2.0; sys_platform != \"linux\"']"],
    ["limits: {cell_seconds: 5, run_seconds: 9}"],
    ["env: {API_KEY: {from: API_KEY}, MODE: fast}"],
    ["port: 8080\nnotebook: ../a.ipynb"],
  ])("nothing to say about %s", (text) => {
    expect(found(text)).toEqual([]);
  });
});
