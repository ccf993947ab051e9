/** Exit codes of the command line; documented in README.md, never changed silently. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  declined: 3,
  held: 4,
  aborted: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface ErrorDetails {
  /** Where: `file:line:col`, `cell 3, line 2`, `row 4, field age`. */
  where?: string;
  /** What to do about it, as an instruction. */
  remedy?: string;
  /** Further lines that help (a traceback of the user's code, the last log lines). */
  lines?: string[];
  /** Structured fields for `--json`. */
  data?: Record<string, unknown>;
  exitCode?: ExitCode;
  cause?: unknown;
}

/** Base of all errors that are shown as they are. `code` is stable: `IAPP_<AREA>_<NAME>`. */
export class IappError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly remedy: string | undefined;
  readonly lines: string[];
  readonly data: Record<string, unknown>;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, details: ErrorDetails, fallback: ExitCode) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.where = details.where;
    this.remedy = details.remedy;
    this.lines = details.lines ?? [];
    this.data = details.data ?? {};
    this.exitCode = details.exitCode ?? fallback;
  }
}

/** The person can mend it: usage, configuration, a notebook that cannot be served. Exit 2 unless said otherwise. */
export class UserError extends IappError {
  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(code, message, details, ExitCode.usage);
  }
}

/** The other side failed or refused (a process, a registry, a cluster): its own words are in the message. Exit 1. */
export class OperationError extends IappError {
  readonly retryable: boolean;
  constructor(code: string, message: string, details: ErrorDetails & { retryable?: boolean } = {}) {
    super(code, message, details, ExitCode.failed);
    this.retryable = details.retryable ?? false;
  }
}

/** An interruption by the person (Ctrl-C). Exit 130. */
export class Interrupted extends IappError {
  constructor(message = "interrupted", details: ErrorDetails = {}) {
    super("IAPP_CLI_INTERRUPTED", message, details, ExitCode.interrupted);
  }
}
