import { type Token, tokenize } from "./python-text.js";

/** Names that functions in this text declare global: they write variables of the notebook. */
export function declaredGlobal(text: string): string[] {
  return declarations(text).flatMap(({ names, inFunction }) => (inFunction ? names : []));
}

/**
 * The text as it must read inside a function: there the notebook's variables are the function's own, so a nested
 * function declares them `nonlocal`, and a declaration outside of any function says nothing.
 */
export function insideFunction(text: string): string {
  let out = "";
  let at = 0;
  for (const { start, end, nameEnd, inFunction } of declarations(text)) {
    out += text.slice(at, start) + (inFunction ? `nonlocal${text.slice(nameEnd, end)}` : "pass");
    at = end;
  }
  return out + text.slice(at);
}

interface Declaration {
  start: number;
  nameEnd: number;
  end: number;
  names: string[];
  inFunction: boolean;
}

function declarations(text: string): Declaration[] {
  const tokens = tokenize(text);
  const found: Declaration[] = [];
  tokens.forEach((token, i) => {
    if (
      token.kind !== "name" ||
      text.slice(token.start, token.end) !== "global" ||
      !startsStatement(text, tokens[i - 1])
    )
      return;
    const names: string[] = [];
    let last = token;
    for (const next of tokens.slice(i + 1)) {
      if (next.kind === "name") names.push(text.slice(next.start, next.end));
      else if (next.kind !== "operator" || text[next.start] !== ",") break;
      last = next;
    }
    found.push({
      start: token.start,
      nameEnd: token.end,
      end: last.end,
      names,
      inFunction: isInFunction(text, tokens, i),
    });
  });
  return found;
}

function startsStatement(text: string, before: Token | undefined): boolean {
  if (before === undefined || before.kind === "newline" || before.kind === "comment") return true;
  return before.kind === "operator" && ":;".includes(text[before.start]!) && before.depth === 0;
}

/** Looks back for a `def` that is indented less than the line of token `place` (or on the very line). */
function isInFunction(text: string, tokens: readonly Token[], place: number): boolean {
  let indent = indentAt(text, tokens[place]!.start);
  for (let i = place - 1; i >= 0; i--) {
    const token = tokens[i]!;
    if (token.kind !== "name" || text.slice(token.start, token.end) !== "def") continue;
    const own = indentAt(text, token.start);
    const sameLine = !text.slice(token.start, tokens[place]!.start).includes("\n");
    if (own < indent || sameLine) return true;
    indent = Math.min(indent, own + 1);
  }
  return false;
}

function indentAt(text: string, at: number): number {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))![0].length;
}
