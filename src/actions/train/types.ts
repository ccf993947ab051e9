import type { Agreement } from "../../core/agreement.js";
import type { Program, RecordDocument, VerificationDocument } from "../../core/contract.js";
import type { VersionBound } from "../../project/era/index.js";

export interface TrainInput {
  /** Absolute path of the notebook. */
  notebook: string;
  /** The app's name; null: from iapp.yaml or the file's name. */
  name: string | null;
  /** `name=value`, as given by `-p`. */
  parameters: readonly string[];
  python: string | null;
  /** Month whose libraries are used, or `newest`; null: what the code needs. */
  era: string | null;
  resolver: "uv" | "pip";
  /** Builds of PyTorch for graphics cards instead of those for processors. */
  cuda: boolean;
  serve: { name: string | null; cell: number | null };
  /** Seconds, or null for the default. */
  cellSeconds: number | null;
  runSeconds: number | null;
  stopOnError: boolean;
  /** Run although nothing has changed. */
  force: boolean;
}

export type TrainStatus = "verified" | "refused" | "unequal" | "failed";

export interface TrainResult {
  schema: "iapp.train/1";
  status: TrainStatus;
  runId: string;
  runDir: string;
  name: string;
  notebook: string;
  bundle: { digest: string; dir: string } | null;
  record: RecordDocument | null;
  verification: VerificationDocument | null;
  /** Comparison with the outputs that are stored in the notebook. */
  agreement: Agreement | null;
  /** Why a run that is neither refused nor unequal has no bundle. */
  problem: string | null;
  reused: boolean;
  /** What was done again or not, in words. */
  notes: string[];
  environment: { dir: string; python: string; version: string; digest: string };
  scoring: { dir: string; python: string } | null;
}

/** `run.json`: what a run is, kept beside its documents. */
export interface RunDocument {
  schema: "iapp.run/1";
  id: string;
  notebook: string;
  name: string;
  /** Digest of everything that decides the outcome, besides the data files. */
  key: string;
  /** `done`: run for the files that another notebook reads, with nothing to serve. */
  status: TrainStatus | "running" | "interrupted" | "done";
  started: string;
  ended: string | null;
  /** Owner, so that a run whose command was killed is known as such. */
  process: { pid: number; start: string | null };
  data: { path: string; bytes: number; mtime: number; sha256: string }[];
  bundle: { digest: string; dir: string } | null;
  scoring: { dir: string; python: string } | null;
  /** Versions that earlier runs showed to be needed. */
  learned?: VersionBound[];
  parameters: Program["parameters"];
  /** Of a run that is done: the files that it was run for, as it left them. */
  made?: RunDocument["data"];
}
