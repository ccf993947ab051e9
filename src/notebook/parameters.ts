import type { ProgramParameter, Span } from "../core/contract.js";
import { UserError } from "../core/errors.js";
import { nearest } from "../core/near.js";
import type { Constant } from "./constants.js";

/** The names that `-p` can set in a notebook, and how. */
export interface Settable {
  /** Top-level assignments with a plain name on the left, in order: constants, and whatever a `parameters` cell assigns. */
  constants: Constant[];
  /** Environment variables that the notebook reads. */
  environment: string[];
}

export type Resolved =
  | { how: "env"; name: string; value: string; given: string }
  | { how: "cell" | "assign"; name: string; value: unknown; given: string; text: string; constant: Constant };

/** Reads `name=value`. */
export function splitParameter(text: string): { name: string; value: string } {
  const match = /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*=([\s\S]*)$/u.exec(text);
  if (match === null) {
    throw new UserError("IAPP_NOTEBOOK_PARAMETER", `"${text}" is no parameter`, { remedy: "Write -p name=value." });
  }
  return { name: match[1]!, value: match[2]! };
}

/**
 * Finds what a parameter sets: a name of the cell tagged `parameters`, else an environment variable the notebook reads, else a
 * top-level constant that is assigned exactly once.
 */
export function resolveParameter(name: string, given: string, settable: Settable): Resolved {
  const all = settable.constants.filter((constant) => constant.name === name);
  const tagged = all.filter((constant) => constant.tagged);
  if (tagged.length > 0) return assigned("cell", tagged.at(-1)!, given);
  if (settable.environment.includes(name)) return { how: "env", name, value: given, given };
  const constants = all.filter((constant) => constant.kind !== null);
  const only = constants[0];
  if (only === undefined) throw unknown(name, settable);
  if (all.length > 1 || only.rebound) {
    const cells = [...new Set(all.map((constant) => constant.cell))];
    throw new UserError("IAPP_NOTEBOOK_PARAMETER", `"${name}" gets its value in several places`, {
      where: `cells ${cells.join(", ")}`,
      remedy: `Tag the cell whose "${name}" is the parameter with "parameters", or assign it once.`,
    });
  }
  return assigned("assign", only, given);
}

function assigned(how: "cell" | "assign", constant: Constant, given: string): Resolved {
  const { value, text } = typed(given, constant);
  return { how, name: constant.name, value, given, text, constant };
}

/** A value as the notebook's own constant has it: text stays text, numbers and truth values must be such. */
function typed(given: string, constant: Constant): { value: unknown; text: string } {
  const json = parseJson(given);
  const text = given.trim();
  const mismatch = (what: string): never => {
    throw new UserError("IAPP_NOTEBOOK_PARAMETER", `"${constant.name}" is ${what}; the value given is not`, {
      where: `cell ${constant.cell}, line ${constant.line}`,
      remedy: `Give -p ${constant.name}=... as ${what}.`,
    });
  };
  if (constant.kind === "string") {
    const value = typeof json === "string" ? json : given;
    return { value, text: pythonLiteral(value) };
  }
  if (constant.kind === "number") {
    if (typeof json === "number") return { value: json, text };
    return mismatch("a number");
  }
  if (constant.kind === "boolean") {
    const value = /^(true|yes|on|1)$/i.test(text)
      ? true
      : /^(false|no|off|0)$/i.test(text)
        ? false
        : mismatch("true or false");
    return { value, text: pythonLiteral(value) };
  }
  if (constant.kind === "collection" && (typeof json !== "object" || json === null))
    return mismatch("a list or a mapping (JSON)");
  const value =
    json === undefined ? (({ True: true, False: false, None: null } as Record<string, unknown>)[text] ?? given) : json;
  if (text === "None") return { value: null, text: "None" };
  return { value, text: typeof value === "number" ? text : pythonLiteral(value) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A JSON value as Python writes it. Numbers from JSON keep JavaScript's shortest form, which Python reads to the same value. */
export function pythonLiteral(value: unknown): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  const pairs = Object.entries(value as Record<string, unknown>).map(
    ([key, one]) => `${pythonLiteral(key)}: ${pythonLiteral(one)}`,
  );
  return `{${pairs.join(", ")}}`;
}

function unknown(name: string, settable: Settable): UserError {
  const names = new Set([...settable.constants.map((constant) => constant.name), ...settable.environment]);
  const near = nearest(name, names);
  const hint = near.length > 0 ? `Did you mean ${near.map((one) => `"${one}"`).join(" or ")}?` : "";
  const known = names.size === 0 ? "It has none yet." : `Settable are: ${[...names].slice(0, 12).join(", ")}.`;
  return new UserError("IAPP_NOTEBOOK_PARAMETER", `the notebook has no parameter "${name}"`, {
    remedy:
      `${hint} ${known} To make one, assign it at the top of a cell (${name} = ...), or read os.environ["${name}"].`.trim(),
    data: { name, settable: [...names] },
  });
}

export function parameterOf(resolved: Resolved, span: Span | null): ProgramParameter {
  const { name, value, given, how } = resolved;
  return { name, value, given, how, cell: how === "env" ? null : resolved.constant.cell, span };
}
