import { type IappError, OperationError, UserError } from "../../core/errors.js";
import { redact } from "../../core/redact.js";
import type { Wanted } from "../declared.js";
import { normalise } from "../import-names.js";

/** What a resolver or installer said, taken apart. */
export interface ResolverTrouble {
  /** Packages that the index does not have at all. */
  absent: string[];
  error: IappError;
}

const last = (text: string, lines: number): string[] =>
  redact(text)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .slice(-lines);

/** Turns the words of uv or pip into one sentence: which package, asked for by whom, what to do. */
export function resolverTrouble(output: string, wanted: readonly Wanted[]): ResolverTrouble {
  const askedBy = (name: string): string => {
    const by = wanted.find((one) => one.name === normalise(name));
    return by === undefined ? "" : ` (asked for by ${by.origin})`;
  };
  const flat = output.replace(/\s+/g, " ");
  const absent = [
    ...flat.matchAll(/([A-Za-z0-9._-]+) was not found in the package registry/g),
    ...flat.matchAll(/No matching distribution found for ([A-Za-z0-9._-]+)/g),
  ].map((match) => normalise(match[1]!));
  const fail = (code: string, message: string, remedy: string, lines = 0): IappError =>
    new UserError(code, message, { remedy, lines: lines === 0 ? [] : last(output, lines) });

  if (/No space left on device|os error 28|ENOSPC|Errno 28/i.test(flat)) {
    return {
      absent: [],
      error: new OperationError("IAPP_ENV_DISK", "the environment cannot be made: no space is left on the device", {
        remedy: "Free some space and try again; nothing half-made is kept.",
      }),
    };
  }
  if (
    /dns error|Failed to (?:fetch|download)|error sending request|Connection refused|Temporary failure in name resolution|NewConnectionError|timed out/i.test(
      flat,
    ) &&
    absent.length === 0
  ) {
    return {
      absent: [],
      error: new OperationError("IAPP_ENV_NETWORK", "the package index cannot be reached", {
        lines: last(output, 3),
        remedy: "Check the connection, the proxy settings and the index of pip or uv, then try again.",
        retryable: true,
      }),
    };
  }
  if (absent.length > 0) {
    const name = absent[0]!;
    const error = fail(
      "IAPP_ENV_NO_PACKAGE",
      `there is no package ${JSON.stringify(name)} for this Python in the index${askedBy(name)}`,
      "Mend the name or version where it is asked for, or name what is meant in requirements.txt.",
    );
    return { absent, error };
  }
  const build =
    /(?:Failed to build|failed building wheel for|Failed building wheel for|Failed to build installable wheels.*?\()\s*`?([A-Za-z0-9._-]+)/i.exec(
      flat,
    );
  if (build !== null) {
    const name = normalise(build[1]!.replace(/==.*$/, ""));
    return {
      absent: [],
      error: fail(
        "IAPP_ENV_BUILD",
        `${name} has to be built from source here and the build fails${askedBy(name)}`,
        "Ask for a version with a ready-made wheel, or another Python with --python.",
        12,
      ),
    };
  }
  return {
    absent: [],
    error: fail(
      "IAPP_ENV_CONFLICT",
      "the packages that are asked for do not go together",
      "Loosen one of the versions, or choose another Python with --python.",
      14,
    ),
  };
}
