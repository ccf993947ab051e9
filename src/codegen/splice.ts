import type { Edit, Span } from "../core/contract.js";
import { parenthesised } from "./expression.js";
import { tokenize } from "./python-text.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Source text that is cut by UTF-8 byte offsets, as Python's `ast` gives them. */
export class SourceText {
  readonly #bytes: Uint8Array;

  constructor(readonly text: string) {
    this.#bytes = encoder.encode(text);
  }

  get length(): number {
    return this.#bytes.length;
  }

  slice(start: number, end: number = this.length): string {
    return decoder.decode(this.#bytes.subarray(start, end));
  }
}

/** How the names that templates use are spelled in this module (an author may have a variable `frozen`). */
export type Respell = (template: string) => string;

/**
 * The text of `span` with the edits inside it applied.
 *
 * @throws Error when edits cross each other: the record is broken.
 */
export function splice(source: SourceText, span: Span, edits: readonly Edit[], respell: Respell): string {
  const inside = edits.filter((edit) => span[0] <= edit.span[0] && edit.span[1] <= span[1]);
  let out = "";
  let at = span[0];
  for (const edit of outermost(inside)) {
    out += source.slice(at, edit.span[0]);
    const others = inside.filter((other) => other !== edit);
    out += replacement(source, edit, others, respell, span, out);
    at = edit.span[1];
  }
  return out + source.slice(at, span[1]);
}

/** Stands for a dropped statement inside a block until it is known whether the block has others. */
const DROPPED = "\0pass";

/** Takes out the lines of dropped statements; a block that has no other statement keeps a `pass`. */
export function withoutDropped(text: string): string {
  if (!text.includes(DROPPED)) return text;
  const lines = text.split("\n");
  for (let i = lines.length - 1; i >= 0; i--) {
    if (lines[i]!.trim().startsWith(DROPPED) && !lines[i]!.includes(";") && hasOthers(lines, i)) lines.splice(i, 1);
  }
  return lines.join("\n").replaceAll(DROPPED, "pass");
}

/** True when a statement of the same block stands above or below line `place`. */
function hasOthers(lines: readonly string[], place: number): boolean {
  const indent = indentOf(lines[place]!);
  for (const step of [-1, 1]) {
    for (let i = place + step; i >= 0 && i < lines.length; i += step) {
      const line = lines[i]!;
      if (/^\s*(#.*)?$/.test(line)) continue;
      if (indentOf(line) < indent) break;
      if (indentOf(line) === indent && !/^(else|elif|except|finally)\b/.test(line.trim())) return true;
    }
  }
  return false;
}

function indentOf(line: string): number {
  return /^[ \t]*/.exec(line)![0].length;
}

/** Edits that no other one contains, in order. Of two with the same span the first is the outer one. */
function outermost(edits: readonly Edit[]): Edit[] {
  const ordered = edits
    .map((edit, place) => ({ edit, place }))
    .sort((a, b) => a.edit.span[0] - b.edit.span[0] || b.edit.span[1] - a.edit.span[1] || a.place - b.place);
  const found: Edit[] = [];
  for (const { edit } of ordered) {
    const last = found[found.length - 1];
    if (last === undefined || edit.span[0] >= last.span[1]) found.push(edit);
    else if (edit.span[1] > last.span[1]) throw new Error(`edits cross at bytes ${edit.span.join("-")}`);
  }
  return found;
}

function replacement(
  source: SourceText,
  edit: Edit,
  others: readonly Edit[],
  respell: Respell,
  span: Span,
  before: string,
): string {
  const holes = edit.holes.map((hole) => splice(source, hole, others, respell));
  const text = fillTemplate(respell(edit.template), holes);
  const whole = edit.span[0] === span[0] && edit.span[1] === span[1];
  const after = source.slice(edit.span[1], span[1]);
  if (text.trim() === "" && !whole && ownLine(before, after)) return DROPPED;
  return whole ? text : parenthesised(text, before, after);
}

/** True for a statement inside a compound one: dropping it may leave a body without statements. */
function ownLine(before: string, after: string): boolean {
  return /(^|\n|:)[ \t]*$/.test(before) && /^[ \t]*(#|;|\r?\n|$)/.test(after);
}

/** Puts the holes into `{0}`, `{1}`, ... with parentheses where the surrounding text asks for them; `{{` is a brace. */
export function fillTemplate(template: string, holes: readonly string[]): string {
  const pattern = /\{\{|\}\}|\{(\d+)\}/g;
  let out = "";
  let at = 0;
  for (const match of template.matchAll(pattern)) {
    out += template.slice(at, match.index);
    at = match.index + match[0].length;
    if (match[1] === undefined) {
      out += match[0][0];
      continue;
    }
    const hole = holes[Number(match[1])];
    if (hole === undefined) throw new Error(`the template ${JSON.stringify(template)} has no hole ${match[1]}`);
    const alone = out.trim() === "" && template.slice(at).trim() === "";
    out += alone ? hole : parenthesised(hole, out, template.slice(at));
  }
  return out + template.slice(at);
}

/** Replaces whole names in template text, outside strings and not as attributes. */
export function respeller(spelling: ReadonlyMap<string, string>): Respell {
  if (spelling.size === 0) return (template) => template;
  return (template) => {
    let out = "";
    let at = 0;
    const tokens = tokenize(template);
    tokens.forEach((token, i) => {
      const spelled = token.kind === "name" ? spelling.get(template.slice(token.start, token.end)) : undefined;
      const before = tokens[i - 1];
      if (spelled === undefined || (before?.kind === "operator" && template[before.start] === ".")) return;
      out += template.slice(at, token.start) + spelled;
      at = token.end;
    });
    return out + template.slice(at);
  };
}
