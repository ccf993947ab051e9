import { isKeyword } from "./names.js";
import { tokenize } from "./python-text.js";

const ATOM_WORDS = new Set(["None", "True", "False"]);
const STATEMENT_WORDS = new Set(["return", "yield", "assert"]);

/** True for what can stand anywhere without parentheses: a name, literal or bracket, with attributes, calls, indices. */
export function isPrimary(text: string): boolean {
  const tokens = tokenize(text).filter((token) => token.depth === 0 && token.kind !== "newline");
  let expectsAtom = true;
  for (const token of tokens) {
    const word = text.slice(token.start, token.end);
    if (token.kind === "comment") return false;
    if (token.kind === "operator") {
      if (word === "." && !expectsAtom) expectsAtom = true;
      else if ("([{".includes(word)) {
        if (!expectsAtom && word === "{") return false;
        expectsAtom = false;
      } else if (!")]}".includes(word)) return false;
      continue;
    }
    if (!expectsAtom || (isKeyword(word) && !ATOM_WORDS.has(word))) return false;
    expectsAtom = false;
  }
  return !expectsAtom;
}

/** True for text with an assignment or a statement's keyword outside brackets: it is no expression. */
export function isStatement(text: string): boolean {
  const tokens = tokenize(text).filter((token) => token.depth === 0);
  const first = tokens.find((token) => token.kind !== "newline" && token.kind !== "comment");
  if (first === undefined) return true;
  const word = text.slice(first.start, first.end);
  if (first.kind === "name" && isKeyword(word) && !/^(None|True|False|not|lambda|await|yield)$/.test(word)) return true;
  return tokens.some((token) => token.kind === "operator" && isAssignment(text, token.start));
}

function isAssignment(text: string, at: number): boolean {
  return text[at] === "=" && text[at + 1] !== "=" && !"=!<>:".includes(text[at - 1] ?? " ");
}

/** True when a line of the text ends outside brackets: such an expression needs brackets around it. */
export function breaksLine(text: string): boolean {
  return tokenize(text).some((token) => token.kind === "newline" && token.depth === 0);
}

function hasComma(text: string): boolean {
  return tokenize(text).some((token) => token.kind === "operator" && token.depth === 0 && text[token.start] === ",");
}

/** Puts the expression in parentheses unless it can stand between `before` and `after` as it is. */
export function parenthesised(text: string, before: string, after: string): string {
  const [left, right] = [lastToken(before), firstCharacter(after)];
  if (isPrimary(text) || isStatement(text)) return text;
  if (hasComma(text) && left !== null && "([{,".includes(left)) return `(${text})`;
  const closed = right === null || ")]},;:#\n".includes(right);
  const opened = left === null || "([{,;:\n".includes(left) || left === "=" || STATEMENT_WORDS.has(left);
  return opened && closed && !breaksLine(text) ? text : `(${text})`;
}

/** The word or operator just before a place; "=" only where it assigns; null at the start of the text. */
function lastToken(before: string): string | null {
  const blanks = /[ \t]*$/.exec(before)![0].length;
  const text = before.slice(0, before.length - blanks);
  if (text === "") return null;
  const word = /[\p{L}\p{N}_]+$/u.exec(text)?.[0];
  if (word !== undefined) return word;
  const last = text[text.length - 1]!;
  if (last === "=") return "=!<>".includes(text[text.length - 2] ?? " ") ? "==" : "=";
  return last;
}

function firstCharacter(after: string): string | null {
  return /[^ \t\r]/.exec(after)?.[0] ?? null;
}
