import type { ProgramMagic } from "../core/contract.js";
import { type Comment, endOfPhysicalLine, walkLogicalLines } from "./logical-lines.js";
import { type Mask, magicAt, placeholder } from "./magic-line.js";
import { cellTreatment } from "./magic-table.js";
import { Offsets } from "./text.js";

export interface MaskedCell {
  /** Python of the same bytes and height as the cell. */
  source: string;
  magics: ProgramMagic[];
  /** Comments outside strings and magics, with indices into the cell. */
  comments: Comment[];
  /** True for a cell in another language (`%%bash`, `%%html`): nothing of it is Python. */
  opaque: boolean;
}

/**
 * Masks what IPython understands and Python does not. A magic leaves a statement without effect at its place (`pass`, or `0`
 * where four bytes do not fit) and blanks; the Python behind `%time`, `%%time` and their like stays where it is.
 */
export function maskCell(source: string): MaskedCell {
  const { masks, comments, bodyStart } = maskTop(source);
  if (bodyStart !== null) {
    const body = source.slice(bodyStart);
    const more = walkLogicalLines(body, ({ start, lineStart }) => {
      const mask = magicAt(source, bodyStart + start, bodyStart + lineStart);
      if (mask === null) return null;
      masks.push(mask);
      return { resume: mask.end - bodyStart };
    });
    comments.push(...more.map((comment) => ({ ...comment, start: comment.start + bodyStart })));
    const indentation = commonIndentation(source, bodyStart);
    masks.push(...indentation.filter((own) => !masks.some((mask) => mask.start <= own.start && own.end <= mask.end)));
    masks.sort((a, b) => a.start - b.start);
  }
  const offsets = new Offsets(source);
  const magics: ProgramMagic[] = [];
  for (const { start, end, magic } of masks) {
    if (magic === null) continue;
    const text = source.slice(start, end);
    const from = start + text.length - text.trimStart().length;
    magics.push({
      line: offsets.line(from),
      span: [offsets.byte(from), offsets.byte(end)],
      kind: magic.kind,
      text: text.trim(),
      action: magic.action,
      assigns: magic.assigns,
    });
  }
  return { source: splice(source, masks), magics, comments, opaque: bodyStart === null };
}

const TOP = /(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?=%%[ \t]*[A-Za-z_!])/y;

/** Cell magics, also several above each other. `bodyStart` is where the Python below them begins, null when there is none. */
function maskTop(source: string): { masks: Mask[]; comments: Comment[]; bodyStart: number | null } {
  const masks: Mask[] = [];
  const comments: Comment[] = [];
  for (let at = 0; ; ) {
    TOP.lastIndex = at;
    const above = TOP.exec(source)?.[0];
    if (above === undefined) return { masks, comments, bodyStart: at };
    for (const match of above.matchAll(/#[^\r\n]*/g)) comments.push({ start: at + match.index, text: match[0] });
    const start = at + above.length;
    const end = endOfPhysicalLine(source, start);
    const [, name = "", args = ""] = /^%%[ \t]*([\w.]+|!)[ \t]*(.*)$/.exec(source.slice(start, end)) ?? [];
    const treatment = name === "!" ? "run" : cellTreatment(name);
    if (treatment !== "code") {
      const replacement = placeholder(source.slice(start));
      const assigns = /--out[ =](\w+)/.exec(args)?.[1] ?? null;
      masks.push({ start, end: source.length, replacement, magic: { kind: "cell", action: treatment, assigns } });
      return { masks, comments, bodyStart: null };
    }
    const assigns = name === "capture" ? (/^\w+/.exec(args)?.[0] ?? null) : null;
    const replacement = placeholder(source.slice(start, end));
    masks.push({ start, end, replacement, magic: { kind: "cell", action: "ignore", assigns } });
    at = source.indexOf("\n", end) < 0 ? source.length : source.indexOf("\n", end) + 1;
  }
}

/** IPython takes a common indentation off the whole cell. Form feeds do the same for Python without moving a byte. */
function commonIndentation(source: string, bodyStart: number): Mask[] {
  const indentation = /^(?:[ \t]*\r?\n)*([ \t]+)(?=\S)/.exec(source.slice(bodyStart))?.[1];
  if (indentation === undefined) return [];
  const masks: Mask[] = [];
  // Logical lines only: what is inside a string or a bracket keeps its blanks.
  walkLogicalLines(source.slice(bodyStart), ({ lineStart }) => {
    const start = bodyStart + lineStart;
    const end = start + indentation.length;
    if (source.slice(start, end) === indentation)
      masks.push({ start, end, replacement: "\f".repeat(indentation.length), magic: null });
    return null;
  });
  return masks;
}

function splice(source: string, masks: Mask[]): string {
  let out = "";
  let at = 0;
  for (const { start, end, replacement } of masks) {
    out += source.slice(at, start) + replacement;
    at = end;
  }
  return out + source.slice(at);
}
