/** Where a logical line of Python starts, and the comments met on the way. */
export interface LineStart {
  /** Index of its first character after the indentation. */
  start: number;
  /** Index of the first character of the physical line. */
  lineStart: number;
}

export interface Comment {
  start: number;
  text: string;
}

/** What the visitor decides about a logical line: read on as Python, or go on at `resume` (it was no Python). */
export type Visit = (line: LineStart) => { resume: number } | null;

/**
 * Walks over a cell line by line as Python's tokenizer would: strings, brackets and backslashes join physical lines.
 * Needs no valid Python: an unterminated string ends with its line (or, triple-quoted, with the cell).
 *
 * @returns the comments outside strings.
 */
export function walkLogicalLines(source: string, visit: Visit): Comment[] {
  const comments: Comment[] = [];
  let at = 0;
  while (at < source.length) {
    const lineStart = at;
    while (at < source.length && (source[at] === " " || source[at] === "\t" || source[at] === "\f")) at++;
    if (at >= source.length) break;
    if (source[at] === "\n" || source[at] === "\r") {
      at++;
      continue;
    }
    const decision = source[at] === "#" ? null : visit({ start: at, lineStart });
    at = decision === null ? endOfLogicalLine(source, at, comments) : decision.resume;
  }
  return comments;
}

/** Index just after the line end of the logical line that goes on at `from`. */
function endOfLogicalLine(source: string, from: number, comments: Comment[]): number {
  let depth = 0;
  let at = from;
  while (at < source.length) {
    const character = source[at]!;
    if (character === "\\") at += source[at + 1] === "\r" && source[at + 2] === "\n" ? 3 : 2;
    else if (character === "#") {
      const end = endOfPhysicalLine(source, at);
      comments.push({ start: at, text: source.slice(at, end) });
      at = end;
    } else if (character === '"' || character === "'") at = endOfString(source, at);
    else if (character === "\n") {
      at++;
      if (depth === 0) return at;
    } else {
      if ("([{".includes(character)) depth++;
      else if (")]}".includes(character)) depth = Math.max(0, depth - 1);
      at++;
    }
  }
  return source.length;
}

function endOfString(source: string, from: number): number {
  const quote = source[from]!;
  const triple = source.startsWith(quote.repeat(3), from);
  let at = from + (triple ? 3 : 1);
  while (at < source.length) {
    if (source[at] === "\\") at += 2;
    else if (triple ? source.startsWith(quote.repeat(3), at) : source[at] === quote) return at + (triple ? 3 : 1);
    else if (!triple && source[at] === "\n") return at;
    else at++;
  }
  return source.length;
}

/** Index of the line end (or of the end of the text). */
export function endOfPhysicalLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  if (end < 0) return source.length;
  return source[end - 1] === "\r" && end > from ? end - 1 : end;
}

/** As `endOfPhysicalLine`, but lines that end with a backslash go on: how IPython reads magics and shell lines. */
export function endOfContinuedLine(source: string, from: number): number {
  for (let at = from; ; ) {
    const end = endOfPhysicalLine(source, at);
    if (source[end - 1] !== "\\" || end >= source.length) return end;
    at = source.indexOf("\n", end) + 1;
  }
}
