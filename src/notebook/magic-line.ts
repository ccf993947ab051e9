import type { ProgramMagic } from "../core/contract.js";
import { endOfContinuedLine, endOfPhysicalLine } from "./logical-lines.js";
import { AUTOMAGIC, codeStart, lineTreatment, shellTreatment } from "./magic-table.js";
import { blank, byteLength } from "./text.js";

/** A stretch of a cell that Python must not see, and the text of the same bytes and height that stands for it. */
export interface Mask {
  start: number;
  end: number;
  replacement: string;
  /** Null for what is no magic (a common indentation taken off). */
  magic: Pick<ProgramMagic, "kind" | "action" | "assigns"> | null;
}

const ASSIGNED = /^([\p{L}_][\p{L}\p{N}_.,[\]'" \t]*?)[ \t]*=[ \t]*(?=[!%][^=\s])/u;
const HELP =
  /^(?:\?{1,2}[ \t]*[\w.*%][^\r\n]*|%{0,2}[\p{L}_*][\p{L}\p{N}_.*]*(?:\[[\w'"]+\][\w.]*)?[ \t]*\?{1,2})[ \t]*;?[ \t]*(?:#.*)?$/u;
const COMPOUND = /^(?:(?:if|for|while|with|try|def|class|async|match)\b|@)/;

/** The magic, shell line or help request that begins at `start` (a logical line's first character), or null. */
export function magicAt(source: string, start: number, lineStart: number): Mask | null {
  const physical = source.slice(start, endOfPhysicalLine(source, start));
  const end = endOfContinuedLine(source, start);
  const whole = (kind: ProgramMagic["kind"], action: ProgramMagic["action"], assigns: string | null = null): Mask => ({
    start,
    end,
    replacement: placeholder(source.slice(start, end)),
    magic: { kind, action, assigns },
  });

  if (HELP.test(physical)) return whole("help", "ignore");
  if (physical.startsWith("!")) return whole("shell", shellTreatment(physical.replace(/^!+/, "")));
  const magic = /^%{1,2}[ \t]*([A-Za-z_][\w.]*)[ \t]*/.exec(physical);
  if (magic !== null) {
    const name = magic[1]!;
    const argsAt = start + magic[0].length;
    const args = source.slice(argsAt, end);
    const treatment = lineTreatment(name, args);
    if (treatment !== "code") return whole("line", treatment);
    return beforeCode(source, start, argsAt + codeStart(name, args), lineStart);
  }
  const assigned = ASSIGNED.exec(physical);
  if (assigned !== null) {
    const command = physical.slice(assigned[0].length);
    const timed = /^%time[ \t]+/.exec(command);
    if (timed === null) return whole(command.startsWith("!") ? "shell" : "line", "run", assigned[1]!.trim());
    // `x = %time f(y)` gives the value of f(y).
    const from = start + assigned[0].length;
    const to = from + timed[0].length;
    return { start: from, end: to, replacement: blank(source.slice(from, to)), magic: IGNORED };
  }
  return AUTOMAGIC.test(physical) ? automagic(physical, whole) : null;
}

const IGNORED: Mask["magic"] = { kind: "line", action: "ignore", assigns: null };

function automagic(
  physical: string,
  whole: (kind: ProgramMagic["kind"], action: ProgramMagic["action"]) => Mask,
): Mask {
  const [word = "", ...rest] = physical.split(/[ \t]+/);
  if (/^(?:rm|mv|cp|cat|mkdir|rmdir|ll)$/.test(word)) return whole("shell", "run");
  const treatment = lineTreatment(word === "pip3" ? "pip" : word, rest.join(" "));
  return whole("line", treatment === "code" ? "run" : treatment);
}

/** `%time x = f()`: the magic goes, the statement stays in its column and at its level of indentation. */
function beforeCode(source: string, start: number, codeAt: number, lineStart: number): Mask {
  const size = byteLength(source.slice(start, codeAt));
  const compound = COMPOUND.test(source.slice(codeAt));
  if (!compound) return { start, end: codeAt, replacement: `pass${" ".repeat(size - 5)};`, magic: IGNORED };
  // A form feed sets Python's count of the indentation back to zero; then the indentation is counted anew.
  const replacement = "\f".repeat(size) + source.slice(lineStart, start);
  return { start: lineStart, end: codeAt, replacement, magic: IGNORED };
}

/** A statement without effect, as long as the text and with its line ends. */
export function placeholder(text: string): string {
  const firstEnd = endOfPhysicalLine(text, 0);
  const size = byteLength(text.slice(0, firstEnd));
  const statement = size >= 4 ? "pass" : size >= 2 ? "0;" : "0";
  return statement + " ".repeat(Math.max(0, size - statement.length)) + blank(text.slice(firstEnd));
}
