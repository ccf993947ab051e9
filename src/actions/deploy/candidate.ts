import { join, resolve } from "node:path";
import type { RecordDocument, VerificationDocument } from "../../core/contract.js";
import { type IappError, OperationError, UserError } from "../../core/errors.js";
import { readJson } from "../../core/fs.js";
import { runtimePath } from "../../core/runtime-path.js";
import { readBundle } from "../bundle/index.js";

/** What training gives, as far as deploying needs it. */
export interface Trained {
  status: "verified" | "refused" | "unequal" | "failed";
  runDir: string;
  name: string;
  notebook: string;
  bundle: { digest: string; dir: string } | null;
  reused: boolean;
  scoring: { dir: string; python: string } | null;
  record: Pick<RecordDocument, "refusal" | "failures"> | null;
  verification: VerificationDocument | null;
}

/** Real rows of the training data with the notebook's own answers. */
export interface Examples {
  rows: Record<string, unknown>[];
  predictions: unknown[];
}

/** A proved bundle and how to run it. */
export interface Candidate {
  notebook: string | null;
  run: string | null;
  bundle: { digest: string; dir: string };
  python: string;
  examples: Examples;
  reused: boolean;
}

/** The candidate that a training run has made. Only what was proved equal becomes one. */
export async function fromTraining(trained: Trained): Promise<Candidate> {
  if (trained.status !== "verified" || trained.bundle === null || trained.scoring === null) {
    throw notProved(trained);
  }
  return candidate(trained.bundle, trained.scoring.python, {
    notebook: resolve(trained.notebook),
    run: trained.runDir,
    reused: trained.reused,
  });
}

/** Why nothing is deployed, with the place in the notebook. */
export function notProved(trained: Trained): IappError {
  const refusal = trained.record?.refusal ?? null;
  if (refusal !== null) {
    const { code, cell, line, statement, reason, remedy } = refusal;
    return new UserError(code, `${reason}; nothing was deployed`, {
      ...place(cell, line),
      ...(remedy === null ? {} : { remedy }),
      lines: statement === null ? [] : [statement],
      data: { status: trained.status, run: trained.runDir },
    });
  }
  const difference = trained.verification?.first_difference ?? null;
  if (difference !== null) {
    const { cell, line, statement, column } = difference;
    const what = column === null ? "its answers" : `column ${column}`;
    return new OperationError("IAPP_DEPLOY_UNEQUAL", `the service would not compute ${what} as the notebook does`, {
      ...place(cell, line),
      lines: statement === null ? [] : [statement],
      remedy: `Nothing was deployed. The values are in ${trained.runDir}.`,
      data: { status: trained.status, run: trained.runDir, difference },
    });
  }
  const error = trained.verification?.error ?? null;
  return new OperationError("IAPP_DEPLOY_NOT_PROVED", `training ended as ${trained.status}: nothing was deployed`, {
    lines: error === null ? [] : [error],
    data: { status: trained.status, run: trained.runDir },
  });
}

const place = (cell: number | null, line: number | null): { where?: string } =>
  cell === null ? {} : { where: line === null ? `cell ${cell}` : `cell ${cell}, line ${line}` };

/** A bundle folder that is deployed as it is, with the interpreter that has its packages. */
export function fromBundle(dir: string, digest: string, python: string): Promise<Candidate> {
  return candidate({ digest, dir }, python, { notebook: null, run: null, reused: true });
}

async function candidate(
  bundle: Candidate["bundle"],
  python: string,
  origin: Pick<Candidate, "notebook" | "run" | "reused">,
): Promise<Candidate> {
  const { verification } = await readBundle(bundle.dir);
  if (!verification.equal) {
    throw new UserError(
      "IAPP_DEPLOY_NOT_PROVED",
      `the bundle ${bundle.dir} does not compute what its notebook computes`,
      {
        remedy: "Train the notebook again: what was not proved is never served.",
      },
    );
  }
  return { ...origin, bundle, python, examples: await readExamples(bundle.dir) };
}

export async function readExamples(dir: string): Promise<Examples> {
  const path = join(dir, "examples.json");
  const examples = await readJson<Examples>(path);
  if (examples === null || !Array.isArray(examples.rows) || examples.rows.length === 0) {
    throw new OperationError("IAPP_BUNDLE_EXAMPLES", `${path} holds no example row`, {
      remedy: "Make the bundle again: iapp train NOTEBOOK --force",
    });
  }
  return examples;
}

/** The scoring service of a version, listening wherever it finds a free port. */
export function serveCommand(python: string, bundle: string, name: string, version: string): string[] {
  const where = ["--host", "127.0.0.1", "--port", "0"];
  const who = ["--version", version, "--name", name, "--log-json"];
  return [python, "-m", "iapp_runtime.score", "serve", bundle, ...where, ...who];
}

const PASSED_ON = /^(PATH|HOME|LANG|LANGUAGE|LC_\w+|TMPDIR|TZ|LD_LIBRARY_PATH)$/;

/** What a scoring process is given of the environment: no secrets, nothing of the person's Python set-up. */
export function serveEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).filter(([key, value]) => PASSED_ON.test(key) && value !== undefined);
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    PYTHONPATH: runtimePath(),
    PYTHONUNBUFFERED: "1",
    PYTHONNOUSERSITE: "1",
    PYTHONHASHSEED: "0",
  };
}
