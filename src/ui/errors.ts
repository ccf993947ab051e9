import { IappError } from "../core/errors.js";
import type { Style } from "../core/host.js";
import { redact } from "../core/redact.js";

/** What, where, more lines, how to mend it: the one way in which an error is shown to people. */
export function errorText(error: IappError, style: Style): string {
  const head = `${style.red("error")} ${error.where === undefined ? "" : `${style.bold(error.where)}: `}${error.message}`;
  const lines = error.lines.map((line) => `  ${style.dim(line)}`);
  const remedy = error.remedy === undefined ? [] : [`  ${style.cyan("→")} ${error.remedy}`];
  return redact([head, ...lines, ...remedy, style.dim(`  ${error.code}`)].join("\n"));
}

export function errorDocument(error: IappError): unknown {
  return JSON.parse(
    redact(
      JSON.stringify({
        error: {
          code: error.code,
          message: error.message,
          where: error.where ?? null,
          remedy: error.remedy ?? null,
          lines: error.lines,
          ...error.data,
        },
      }),
    ),
  );
}

/** Anything that is not one of ours is a bug; what is shown leads to a report without paths or secrets. */
export function asBug(error: unknown, version: string): IappError {
  const cause = error instanceof Error ? error : new Error(String(error));
  return new IappError(
    "IAPP_BUG",
    `iapp itself failed: ${cause.message}`,
    {
      cause,
      lines: (cause.stack ?? "")
        .split("\n")
        .slice(1, 6)
        .map((line) => line.trim().replace(/\(?file:\/\/\S*\/(?=[^/]+$)/, "(")),
      remedy: `Please report this with the lines above (iapp ${version}, Node ${process.versions.node}).`,
    },
    1,
  );
}
