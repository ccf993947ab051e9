import type { StoredOutput } from "../notebook.js";

/** The plain texts of a stored output. */
export function textsOf(output: StoredOutput): string[] {
  const data = output.data as Record<string, unknown> | undefined;
  return [output.text, data?.["text/plain"]].map(joined).filter((text) => text !== "");
}

/** The format allows a text to be a list of its lines. */
function joined(value: unknown): string {
  if (Array.isArray(value)) return value.filter((part) => typeof part === "string").join("");
  return typeof value === "string" ? value : "";
}

/** The lines of a stored stream; an end of line at its end begins no further one. */
export function linesOf(stream: StoredOutput): string[] {
  return joined(stream.text)
    .replace(/\r?\n$/, "")
    .split(/\r?\n/);
}
