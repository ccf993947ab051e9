import type { z } from "zod";
import { nearest } from "../core/near.js";
import type { Path } from "./locate.js";

/** One thing that is wrong, not yet placed in the file. */
export interface Finding {
  severity: "error" | "warning";
  path: Path;
  /** Is the name meant or what it is set to? */
  at: "key" | "value";
  message: string;
  hint: string | null;
  missing?: boolean;
  /** For an unknown key: the path that was probably meant. */
  meant?: string;
}

type Issue = z.core.$ZodIssue;

const TYPES: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
  null: "nothing",
};

/** What the schema found, in words. @param known keys that are allowed in the map at a path */
export function findingsOf(issues: readonly Issue[], value: unknown, known: (path: Path) => string[]): Finding[] {
  const all = issues.flatMap((issue) => fromIssue(issue, value, known));
  // A misspelt key is both unknown and missing: once is enough.
  return all.filter(({ path, missing }) => missing !== true || !all.some((other) => other.meant === pathText(path)));
}

function fromIssue(issue: Issue, value: unknown, known: (path: Path) => string[]): Finding[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  const name = pathText(path);
  const given = valueAt(value, path);
  const error = (message: string, hint: string | null = null, at: Finding["at"] = "value"): Finding[] => [
    { severity: "error", path, at, message, hint },
  ];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey([...path, key], known(path)));
    case "invalid_type":
      if (issue.expected === "never") return error(`${name} ${issue.message}`, null, "key");
      if (given === undefined)
        return [{ severity: "error", path, at: "value", message: `${name} is missing`, hint: null, missing: true }];
      return error(
        `${name || "the file"} must be ${TYPES[issue.expected] ?? issue.expected}, not ${kindOf(given)}`,
        typeHint(issue.expected, given),
      );
    case "invalid_value": {
      const choices = issue.values.map(String);
      const near = typeof given === "string" ? nearest(given, choices, 1)[0] : undefined;
      return error(`${name} must be ${choices.join(" or ")}`, near === undefined ? null : `did you mean ${near}?`);
    }
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return error(`${name} is empty`);
      return error(`${name} must be ${issue.inclusive === true ? "at least" : "more than"} ${issue.minimum}`);
    case "too_big":
      if (issue.origin === "string") return error(`${name} must have at most ${issue.maximum} characters`);
      return error(`${name} must be at most ${issue.maximum}`);
    case "invalid_key":
      return error(
        `${pathText(path.slice(0, -1))}: '${String(path.at(-1))}' ${issue.issues[0]?.message ?? "is no name"}`,
        null,
        "key",
      );
    case "invalid_union":
      return fromUnion(issue.errors as Issue[][], path, value, known);
    case "invalid_format":
    case "custom":
      return error(`${name} ${issue.message}`);
    default:
      return error(`${name}: ${issue.message}`);
  }
}

/** A map was given where a map is one of the choices: what is wrong inside it is what helps. */
function fromUnion(errors: Issue[][], path: Path, value: unknown, known: (path: Path) => string[]): Finding[] {
  const given = valueAt(value, path);
  const inner = errors.find((issues) =>
    issues.every((issue) => issue.code !== "invalid_type" || issue.path.length > 0),
  );
  if (isMap(given) && inner !== undefined) {
    const below = inner.map((issue) => ({ ...issue, path: [...path, ...issue.path] }) as Issue);
    return below.flatMap((issue) => fromIssue(issue, value, known));
  }
  const message =
    path[0] === "env"
      ? `${pathText(path)} must be a text, a number, true or false, or {from: NAME}, not ${kindOf(given)}`
      : `${pathText(path)} is not a value that JSON has`;
  return [{ severity: "error", path, at: "value", message, hint: null }];
}

function unknownKey(path: Path, known: string[]): Finding {
  const key = String(path.at(-1));
  const near = nearest(key, known, 1)[0];
  const within = path.length > 1 ? ` in ${pathText(path.slice(0, -1))}` : "";
  const hint = near === undefined ? `known keys: ${known.join(", ")}` : `did you mean ${near}?`;
  return {
    severity: "error",
    path,
    at: "key",
    message: `unknown key '${key}'${within}`,
    hint,
    ...(near === undefined ? {} : { meant: pathText([...path.slice(0, -1), near]) }),
  };
}

function typeHint(expected: string, given: unknown): string | null {
  if (expected === "boolean" && typeof given === "string") {
    if (/^(yes|on|y)$/i.test(given)) return "write true";
    if (/^(no|off|n)$/i.test(given)) return "write false";
  }
  if ((expected === "number" || expected === "int") && typeof given === "string" && /^\d+(\.\d+)?$/.test(given))
    return "without quotes";
  if (expected === "array" && typeof given === "string") return `write [${given}]`;
  if (expected === "string" && typeof given === "number") return `write "${given}"`;
  return null;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isInteger(value) ? "a whole number" : "a number";
  return { string: "a text", boolean: "true or false" }[typeof value as string] ?? "a map";
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `limits.cell_seconds`, `packages[2]`. */
export function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<string, unknown> | null | undefined)?.[step], value);
}
