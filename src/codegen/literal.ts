/** A JSON value as a Python literal, on one line. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return numberLiteral(value);
  if (typeof value === "string") return stringLiteral(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  const entries = Object.entries(value).map(([key, item]) => `${stringLiteral(key)}: ${pythonLiteral(item)}`);
  return `{${entries.join(", ")}}`;
}

function numberLiteral(value: number): string {
  if (Number.isNaN(value)) return 'float("nan")';
  if (!Number.isFinite(value)) return value > 0 ? 'float("inf")' : 'float("-inf")';
  return Object.is(value, -0) ? "-0.0" : String(value);
}

/** A double-quoted string of printable characters. */
export function stringLiteral(value: string): string {
  // JSON's escapes are Python's; what Python's reader or an editor could trip over is escaped too.
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `NAME = {...}` of key and value already in Python, on one line when it fits, else one entry a line. */
export function dictAssignment(name: string, entries: readonly (readonly [string, string])[], comment = ""): string[] {
  const inner = entries.map(([key, value]) => `${key}: ${value}`);
  const tail = comment === "" ? "" : `  # ${comment}`;
  const single = `${name} = {${inner.join(", ")}}${tail}`;
  if (single.length <= 110) return [single];
  return [`${name} = {${tail}`, ...inner.map((entry) => `    ${entry},`), "}"];
}
