/** A token of Python text. Indices are those of the JavaScript string; `depth` counts the brackets around it. */
export interface Token {
  kind: "name" | "number" | "string" | "comment" | "operator" | "newline";
  start: number;
  end: number;
  depth: number;
  /** Of a string: the tokens of the expressions inside an f-string. */
  inner?: Token[];
}

const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}_]*/uy;
const NUMBER = /(?:\d|\.\d)(?:[\w.]|(?<=[eE])[+-])*/y;
const PREFIX = /^(?:[rbuft]|[rbft]{2})$/i;

/**
 * Splits valid Python text (a statement, an expression, a module) into tokens. Blanks and line joins by a backslash
 * give none.
 */
export function tokenize(text: string, from = 0, to = text.length): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let at = from;
  const push = (kind: Token["kind"], end: number, inner?: Token[]): void => {
    tokens.push({ kind, start: at, end, depth, ...(inner === undefined ? {} : { inner }) });
    at = end;
  };
  while (at < to) {
    const character = text[at]!;
    if (character === "\n") push("newline", at + 1);
    else if (/\s/.test(character)) at++;
    else if (character === "\\") at += text.startsWith("\\\r\n", at) ? 3 : 2;
    else if (character === "#") push("comment", lineEnd(text, at));
    else if (character === '"' || character === "'") pushString(at);
    else if (match(NUMBER, text, at) > at) push("number", match(NUMBER, text, at));
    else if (match(NAME, text, at) > at) {
      const end = match(NAME, text, at);
      const quoted = text[end] === '"' || text[end] === "'";
      if (quoted && PREFIX.test(text.slice(at, end))) pushString(end);
      else push("name", end);
    } else {
      if (")]}".includes(character)) depth = Math.max(0, depth - 1);
      push("operator", at + 1);
      if ("([{".includes(character)) depth++;
    }
  }
  return tokens;

  function pushString(quoteAt: number): void {
    const inner: Token[] = [];
    const formatted = /[ft]/i.test(text.slice(at, quoteAt));
    push("string", stringEnd(text, quoteAt, formatted ? inner : null), inner);
  }
}

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** Index after the closing quote. `inner` collects what stands between the braces of an f-string. */
function stringEnd(text: string, quoteAt: number, inner: Token[] | null): number {
  const quote = text.startsWith(text[quoteAt]!.repeat(3), quoteAt) ? text[quoteAt]!.repeat(3) : text[quoteAt]!;
  let at = quoteAt + quote.length;
  while (at < text.length) {
    if (text.startsWith(quote, at)) return at + quote.length;
    if (text[at] === "\\") at += 2;
    else if (inner !== null && text.startsWith("{{", at)) at += 2;
    else if (inner !== null && text[at] === "{") at = fieldEnd(text, at, inner);
    else at++;
  }
  return text.length;
}

/** Index after the brace that closes the replacement field opened at `open`; its format may hold further fields. */
function fieldEnd(text: string, open: number, inner: Token[]): number {
  let depth = 0;
  let at = open + 1;
  let start = at;
  let format = false;
  while (at < text.length) {
    const character = text[at]!;
    if (format) {
      if (character === "{") at = fieldEnd(text, at, inner);
      else if (character === "}") return at + 1;
      else at++;
      continue;
    }
    if (character === '"' || character === "'") {
      const prefix = /[a-z]*$/i.exec(text.slice(start, at))![0];
      at = stringEnd(text, at, PREFIX.test(prefix) && /[ft]/i.test(prefix) ? [] : null);
      continue;
    }
    const ends = depth === 0 && (character === "}" || character === ":" || (character === "!" && text[at + 1] !== "="));
    if (ends) {
      inner.push(...tokenize(text, start, at));
      if (character === "}") return at + 1;
      format = true;
      start = at;
    } else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    at++;
  }
  return text.length;
}
