import { writeFile } from "node:fs/promises";
import { IappError, OperationError, UserError } from "../../core/errors.js";
import { redact } from "../../core/redact.js";

/** How a training job ended, for whoever started it: the container's termination message. */
export interface JobReport {
  schema: "iapp.job/1";
  /** Digest of the bundle, which lies in the repository that the job was given. */
  bundle: string | null;
  error: {
    kind: "user" | "operation";
    code: string;
    message: string;
    where: string | null;
    remedy: string | null;
    lines: string[];
  } | null;
}

/** Kubernetes keeps 4096 bytes of it (container lifecycle, "termination message"). */
const MOST = 4000;

/** Writes the report where the container's environment says; nowhere when it says nothing. */
export async function writeReport(path: string | undefined, bundle: string | null, error: unknown): Promise<void> {
  if (path === undefined) return;
  let lines = error instanceof IappError ? error.lines.map(redact) : [];
  for (;;) {
    const text = JSON.stringify(reportOf(bundle, error, lines));
    if (Buffer.byteLength(text) <= MOST || lines.length === 0) {
      await writeFile(path, text.slice(0, MOST));
      return;
    }
    lines = lines.slice(1);
  }
}

function reportOf(bundle: string | null, error: unknown, lines: string[]): JobReport {
  if (error === null) return { schema: "iapp.job/1", bundle, error: null };
  const message = redact((error as Error).message).slice(0, 1000);
  if (!(error instanceof IappError)) {
    const bug = { kind: "operation" as const, code: "IAPP_BUG", message, where: null, remedy: null, lines: [] };
    return { schema: "iapp.job/1", bundle, error: bug };
  }
  const { code, where = null, remedy = null } = error;
  const kind = error instanceof UserError ? "user" : "operation";
  return { schema: "iapp.job/1", bundle, error: { kind, code, message, where, remedy, lines } };
}

/** The report in a termination message, or null where it holds none. */
export function readReport(text: string | undefined): JobReport | null {
  try {
    const report = JSON.parse(text ?? "") as JobReport;
    return report.schema === "iapp.job/1" ? report : null;
  } catch {
    return null;
  }
}

/** The error that the job has met, as if it had been met here. */
export function errorOf({ kind, code, message, where, remedy, lines }: NonNullable<JobReport["error"]>): IappError {
  const details = {
    lines,
    ...(where === null ? {} : { where }),
    ...(remedy === null ? {} : { remedy }),
  };
  return kind === "user" ? new UserError(code, message, details) : new OperationError(code, message, details);
}
