import type { Piece, Program } from "../core/contract.js";
import { tokenize } from "./python-text.js";
import { type Respell, SourceText, splice, withoutDropped } from "./splice.js";

/** A piece as text, before it is indented: comment lines above it, then the statement (or expression). */
export interface PieceText {
  comments: string[];
  code: string;
}

/** The masked sources of the program's cells, and the texts of pieces from them. */
export class Cells {
  readonly #sources = new Map<number, SourceText>();
  readonly #claimed = new Set<string>();

  constructor(program: Program) {
    for (const { cell, source } of program.cells) this.#sources.set(cell, new SourceText(source));
  }

  source(cell: number): SourceText {
    const source = this.#sources.get(cell);
    if (source === undefined) throw new Error(`the record speaks of cell ${cell}, which the program does not have`);
    return source;
  }

  /** The author's text of a piece, without edits. */
  original(piece: Piece): string {
    return piece.text ?? this.source(piece.cell).slice(...piece.span);
  }

  /** The piece with its edits; `comments` also brings the author's comments and the decorators around it. */
  render(piece: Piece, respell: Respell, comments: boolean): PieceText {
    const note = piece.note === null ? [] : piece.note.split("\n").map((line) => `# ${line.trim()}`);
    if (piece.text !== undefined) return { comments: note, code: respell(piece.text) };
    const source = this.source(piece.cell);
    const before = source.slice(0, piece.span[0]);
    const code = normal(withoutDropped(dedent(splice(source, piece.span, piece.edits, respell), indentOf(before))));
    if (!comments || code.trim() === "") return { comments: note, code };
    const above = linesAbove(before);
    const decorators = piece.kind === "definition" && !code.startsWith("@") ? above.decorators : [];
    const key = `${piece.cell}:${piece.line}`;
    const own = this.#claimed.has(key) ? [] : above.comments;
    this.#claimed.add(key);
    const trailing = /^[ \t]*;?[ \t]*(#[^\r\n]*)/.exec(source.slice(piece.span[1]))?.[1];
    return { comments: [...own, ...note], code: [...decorators, trailing ? `${code}  ${trailing}` : code].join("\n") };
  }
}

/** Python reads every line end as \n; so does what is written here. */
function normal(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

function indentOf(before: string): string {
  return /(?:^|[\r\n])([ \t]*)$/.exec(before)?.[1] ?? "";
}

/** Comments directly above a statement (no blank line between), and its decorators. */
function linesAbove(before: string): { comments: string[]; decorators: string[] } {
  const indent = /(?:^|[\r\n])[ \t]*$/.exec(before);
  if (indent === null) return { comments: [], decorators: [] };
  const lines = before.slice(0, indent.index).split(/\r\n|\r|\n/);
  const decorators: string[] = [];
  while (/^\s*@\w/.test(lines[lines.length - 1] ?? "")) decorators.unshift(lines.pop()!.trim());
  const comments: string[] = [];
  while (/^\s*#/.test(lines[lines.length - 1] ?? "")) {
    const line = lines.pop()!.trim();
    if (!/^#\s*iapp:/.test(line)) comments.unshift(line);
  }
  return { comments, decorators };
}

function dedent(text: string, indent: string): string {
  return indent === "" ? text : mapLines(text, (line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
}

/** Indents code, but not blank lines and not the lines that begin inside a string. */
export function indentCode(text: string, indent: string): string {
  return mapLines(text, (line) => (line.trim() === "" ? "" : indent + line), true);
}

/** Applies `change` to each line (from the second on, unless `all`) that does not begin inside a string. */
function mapLines(text: string, change: (line: string) => string, all = false): string {
  const strings = tokenize(text).filter((token) => token.kind === "string");
  let start = 0;
  const out = text.split("\n").map((line, i) => {
    const inString = strings.some((token) => token.start < start && start < token.end);
    start += line.length + 1;
    return inString || (i === 0 && !all) ? line : change(line);
  });
  return out.join("\n");
}
