import { type Token, tokenize } from "./python-text.js";

const KEYWORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global " +
    "if import in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

export function isKeyword(name: string): boolean {
  return KEYWORDS.has(name);
}

/**
 * Names that occur in Python text other than as attributes: variables, and (over-counted) names of keyword arguments.
 * Looks into f-strings, and for `@name` into other strings (pandas' query language).
 */
export function namesIn(text: string): Set<string> {
  const found = new Set<string>();
  collect(text, tokenize(text), found);
  return found;
}

function collect(text: string, tokens: Token[], found: Set<string>): void {
  tokens.forEach((token, i) => {
    const word = text.slice(token.start, token.end);
    if (token.kind === "name" && !KEYWORDS.has(word)) {
      const before = tokens[i - 1];
      const attribute = before?.kind === "operator" && text[before.start] === "." && !isEllipsis(text, before);
      if (!attribute) found.add(word);
    }
    if (token.kind !== "string") return;
    collect(text, token.inner ?? [], found);
    for (const [, name] of word.matchAll(/@([\p{L}_][\p{L}\p{N}_]*)/gu)) found.add(name!);
  });
}

function isEllipsis(text: string, dot: Token): boolean {
  return text[dot.start - 1] === "." && text[dot.start - 2] === ".";
}

/** `name`, or the first of `name_`, `name_2`, ... that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let i = 1; ; i++) {
    const tried = i === 1 ? `${name}_` : `${name}_${i}`;
    if (!taken.has(tried)) return tried;
  }
}
