import type { CellReport, Failure, RecordDocument, ServedModel } from "./contract.js";

/** A model in a few words, as the probe found it. */
export interface ModelSummary {
  class: string;
  params: Record<string, unknown>;
}

/** `lineage.json`: where a bundle came from and what it holds, in words. Never a time, never a value of a row. */
export interface Lineage {
  schema: "iapp.lineage/1";
  name: string;
  notebook: { path: string; sha256: string };
  git: { commit: string; changed: boolean } | null;
  parameters: { name: string; value: unknown; given?: string }[];
  data_files: { path: string; sha256: string; bytes: number; cell: number | null }[];
  modules: { path: string; sha256: string }[];
  python: { training: string; scoring: string };
  packages: { training: Record<string, string>; scoring: Record<string, string> };
  served: ServedModel | null;
  source: { name: string; cell: number; call: string; rows: number; target: string | null } | null;
  task: string;
  cells: CellReport[];
  frozen: { name: string; access: string; summary: string; cell: number; text: string }[];
  models: ({ name: string; file: string; cell: number; text: string } & ModelSummary)[];
  checks: RecordDocument["checks"];
  warnings: RecordDocument["warnings"];
  failures: Pick<Failure, "cell" | "line" | "ename" | "evalue" | "matters" | "why">[];
}
