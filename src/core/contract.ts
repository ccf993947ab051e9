/**
 * TypeScript view of the documents exchanged with the Python runtime.
 * The prose, field by field, is in `src/runtime/CONTRACT.md`; both change together.
 */

/** `[start, end]` in UTF-8 bytes of a cell's masked source. */
export type Span = readonly [start: number, end: number];

export interface ProgramMagic {
  line: number;
  span: Span;
  kind: "line" | "cell" | "shell" | "help";
  text: string;
  action: "ignore" | "run";
  assigns: string | null;
}

export type Directive = "skip" | "train-only" | "serve" | "input";

export interface ProgramCell {
  cell: number;
  position: number;
  id: string | null;
  source: string;
  skip: boolean;
  directives: Directive[];
  magics: ProgramMagic[];
}

export interface ProgramParameter {
  name: string;
  value: unknown;
  /** As it was written: 2.0 is another number than 2. */
  given?: string;
  how: "cell" | "env" | "assign";
  cell: number | null;
  span: Span | null;
}

/** Another order of the cells than that of the file, and why. */
export interface CellOrder {
  /** Numbers of the cells that are run, as they are run. */
  cells: number[];
  /** `dependencies`: the fewest moves that define every name before its use; `counts`: as the execution counts in the file. */
  by: "dependencies" | "counts";
  /** `cell` is run before `before`, which uses `names` from it; no names: another cell moved there depends on it. */
  moves: { cell: number; before: number; names: string[]; evidence: string }[];
}

/** What was decided before the run that a person should know: among the warnings of the record. */
export interface ProgramRemark {
  code: string;
  cell: number | null;
  line: number | null;
  text: string;
}

export interface Program {
  schema: "iapp.program/1";
  notebook: string;
  workdir: string;
  language_version: string | null;
  /** In the order in which they are run. */
  cells: ProgramCell[];
  order: CellOrder | null;
  remarks: ProgramRemark[];
  /** Names that nothing defines before their use, with where they were probably meant to come from. */
  missing: Record<string, string>;
  /** What the cells had printed and been answered when the notebook was saved, where something asks for input. */
  answers: Record<string, { text: string; typed: boolean }[]>;
  /** Files that are read in place of a path of another machine, or of an address that cannot be reached. */
  paths: Record<string, string>;
  parameters: ProgramParameter[];
  serve: { name: string | null; cell: number | null };
  limits: { cell_seconds: number | null; run_seconds: number | null; output_bytes_per_cell: number };
  stop_on_error: boolean;
  env: Record<string, string>;
}

export interface Edit {
  span: Span;
  template: string;
  holes: Span[];
}

export interface Piece {
  cell: number;
  line: number;
  span: Span;
  kind: "statement" | "expression" | "definition" | "bind";
  edits: Edit[];
  binds: string[];
  reads: string[];
  note: string | null;
  /** Only for kind "bind": the whole text. */
  text?: string;
}

export interface Refusal {
  code: string;
  cell: number | null;
  line: number | null;
  statement: string | null;
  reason: string;
  remedy: string | null;
}

export type CellVerdict = "score" | "train" | "drop" | "failed";

export interface CellReport {
  cell: number;
  verdict: CellVerdict;
  reason: string;
  matters?: boolean;
}

export interface FrozenValue {
  name: string;
  access: "constant" | "keyed" | "position";
  value: unknown;
  bind?: "module";
  origin: { cell: number; span: Span | null; text: string };
  summary: string;
}

export interface StoredModel {
  name: string;
  class: string;
  file: string;
  access: "constant" | "keyed" | "position";
  keys: unknown[] | null;
  origin: { cell: number; text: string };
  main_names: string[];
}

export interface ServedModel {
  name: string;
  class: string;
  module: string;
  cell: number;
  line: number;
  method: string;
  why: string;
  confidence: "certain" | "likely" | "guess";
  alternatives: { name: string; class: string; cell: number; method: string }[];
}

export interface Failure {
  cell: number;
  line: number;
  ename: string;
  evalue: string;
  traceback: string[];
  matters: boolean;
  why: string;
}

export interface RawSource {
  name: string;
  cell: number;
  line: number;
  call: string;
  kind: "frame" | "polars" | "series" | "array" | "list";
  rows: number;
  /**
   * `name` may be a number (a table read without a header). Of a column of categories also these, in their order. `known`: the values
   * that what is asked by a key has an answer for.
   */
  columns: {
    name: string | number;
    dtype: string;
    categories?: (string | number | boolean)[];
    ordered?: boolean;
    known?: (string | number | boolean)[];
  }[];
  /** No table was read: the rows are arguments (a key, a horizon) of what is asked. */
  asked?: boolean;
  /** Of an array: the shape of one row, when that is not one number a column. */
  shape?: number[];
  /** Of a list whose items are not bare values. */
  item?: "dict" | "list" | "tuple";
  target: string | null;
}

export interface RecordDocument {
  schema: "iapp.record/1";
  status: "ok" | "refused";
  refusal: Refusal | null;
  python: string;
  packages: Record<string, string>;
  served: ServedModel | null;
  source: RawSource | null;
  cells: CellReport[];
  failures: Failure[];
  imports: { cell: number; span: Span; text: string; binds: string[] }[];
  definitions: Piece[];
  features: Piece[];
  result: Piece | null;
  predict: { model: string; call: string; returns: string } | null;
  proba: string | null;
  classes: unknown[] | null;
  post: Piece[];
  post_input: string | null;
  post_result: string | null;
  task: "classification" | "regression" | "clustering" | "anomaly" | "other";
  frozen: FrozenValue[];
  models: StoredModel[];
  helpers: string[];
  checks: { cell: number; text: string; dropped: number; of: number; columns: string[] }[];
  warnings: { code: string; cell: number | null; line: number | null; text: string }[];
  timing: { run_seconds: number; user_seconds: number; tracking_seconds: number };
  data_files: { path: string; sha256: string; bytes: number; cell: number | null }[];
  modules: { path: string; sha256: string }[];
}

export interface ContractColumn {
  name: string;
  type: "integer" | "number" | "boolean" | "string" | "datetime" | "category";
  dtype: string;
  required: boolean;
  nullable: boolean;
  missing_seen: number;
  min: number | string | null;
  max: number | string | null;
  categories: (string | number | boolean)[] | null;
  example: unknown;
  default: unknown;
  target: boolean;
}

export interface ContractDocument {
  schema: "iapp.contract/1";
  rows: "table" | "array" | "text";
  columns: ContractColumn[];
  output: { task: string; type: string; classes: unknown[] | null; proba: boolean };
  limits: { rows: number; body_bytes: number; string_length: number };
  strict: boolean;
  /** Rows that the notebook's own cleaning drops; absent means refuse. */
  on_dropped_rows?: "refuse" | "score";
}

export interface FirstDifference {
  cell: number | null;
  line: number | null;
  statement: string | null;
  column: string | null;
  row: number | null;
  expected: string;
  actual: string;
  where: "batch" | "shuffled" | "single" | "required_only";
}

export interface VerificationDocument {
  schema: "iapp.verification/1";
  equal: boolean;
  rows: { batch: number; single: number; required_only: number };
  features: { equal: boolean; max_difference: number | null };
  predictions: { equal: boolean; max_difference: number | null; tolerance: string };
  first_difference: FirstDifference | null;
  error: string | null;
  notes?: string[];
  seconds: number;
  python: string;
  packages: Record<string, string>;
}

export interface BundleFile {
  path: string;
  sha256: string;
  bytes: number;
  role: string;
  code: boolean;
}

export interface BundleDocument {
  schema: "iapp.bundle/1";
  name: string;
  files: BundleFile[];
}

/** One line of `events.ndjson`. */
export interface RuntimeEvent {
  code: string;
  t: number;
  [field: string]: unknown;
}
