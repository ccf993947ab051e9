import { describe, expect, it } from "vitest";
import type { ContractColumn, ContractDocument } from "../../../src/core/contract.js";
import { contractBreaks } from "../../../src/rollout/contract.js";

function contract(
  columns: Partial<ContractColumn>[],
  output: Partial<ContractDocument["output"]> = {},
): ContractDocument {
  return {
    schema: "iapp.contract/1",
    rows: "table",
    columns: columns.map((column) => ({
      name: "age",
      type: "number",
      required: true,
      nullable: false,
      ...column,
    })) as ContractColumn[],
    output: { task: "classification", type: "string", classes: ["no", "yes"], proba: true, ...output },
    limits: { rows: 1000, body_bytes: 1_000_000, string_length: 1000 },
    strict: false,
  };
}

const OLD = contract([{}, { name: "city", type: "string", required: false, nullable: true }]);

describe("a contract that takes the place of another", () => {
  it("breaks nobody when it only takes more", () => {
    expect(contractBreaks(OLD, OLD)).toEqual([]);
    expect(contractBreaks(OLD, contract([{ required: false, nullable: true }]))).toEqual([]);
    expect(contractBreaks(OLD, contract([{}, { name: "height", required: false }]))).toEqual([]);
    expect(contractBreaks(contract([{ type: "integer" }]), contract([{ type: "number" }]))).toEqual([]);
    expect(contractBreaks(OLD, contract([{}], { classes: ["yes", "no", "maybe"] }))).toEqual([]);
  });

  it.each<[string, ContractDocument, string]>([
    ["a new required column", contract([{}, { name: "height" }]), "column height is required and was not known"],
    [
      "a column that was optional",
      contract([{}, { name: "city", type: "string", nullable: true }]),
      "column city is required and was not",
    ],
    ["another type", contract([{ type: "string" }]), "column age is string and was number"],
    ["fractions that are not taken any more", contract([{ type: "integer" }]), "column age is integer and was number"],
    [
      "a column that might be empty",
      contract([{}, { name: "city", type: "string", required: false }]),
      "column city may not be empty and might",
    ],
    [
      "answers of another type",
      contract([{}], { type: "number", classes: null }),
      "answers are number and were string",
    ],
    ["another task", contract([{}], { task: "regression" }), "the task is regression and was classification"],
    ["a label that is gone", contract([{}], { classes: ["yes"] }), "it never answers no"],
    ["rows of another shape", { ...OLD, rows: "text" }, "rows are a text and were a table"],
  ])("breaks callers with %s", (_what, after, line) => {
    expect(contractBreaks(OLD, after)).toEqual([line]);
  });
});
