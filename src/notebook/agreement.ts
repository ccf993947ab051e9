import type { Agreement, CellAgreement } from "../core/agreement.js";
import type { CodeCell, Notebook, StoredOutput } from "./notebook.js";

/** A number as people and libraries print it. */
const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g;
/** Never the same twice, or only about the machine. */
const PASSING = /\b(?:Wall time|CPU times)\b|it\/s\b|\bETA\b|\d+%\||\bms\/step\b/;
const CLOSE = 0.05;
const MOST_CLOSE = 0.9;
/** Characters of one cell's output that are looked at. */
const MOST = 100_000;

/**
 * Compares what the cells of the notebook printed when it was saved with what they printed in a run. Evidence about the run, not a proof:
 * unseeded random numbers differ, and a changed file is another notebook.
 */
export function agreement(stored: Notebook, executed: Notebook): Agreement {
  const now = new Map(executed.code.map((cell) => [cell.cell, cell]));
  const cells = stored.code.flatMap((cell): CellAgreement[] => {
    const same = now.get(cell.cell);
    const found = same === undefined || same.source !== cell.source ? null : compare(cell, same);
    return found === null ? [] : [found];
  });
  const count = (verdict: CellAgreement["verdict"]): number => cells.filter((one) => one.verdict === verdict).length;
  return {
    schema: "iapp.agreement/1",
    equal: count("equal"),
    close: count("close"),
    different: count("different"),
    cells,
  };
}

/** Null where there is nothing to compare: no numbers, or a text of another form. */
function compare(stored: CodeCell, now: CodeCell): CellAgreement | null {
  if ([...stored.outputs, ...now.outputs].some(({ output_type }) => output_type === "error")) return null;
  const [before, after] = [printed(stored.outputs), printed(now.outputs)];
  if (before === null || after === null || PASSING.test(before)) return null;
  const [then, today] = [before.match(NUMBER) ?? [], after.match(NUMBER) ?? []];
  // Another number of numbers is another form of the text: a wider table, another repr.
  if (then.length === 0 || then.length !== today.length) return null;
  let [near, unequal] = [0, 0];
  let first: CellAgreement["first"] = null;
  for (const [i, text] of then.entries()) {
    if (sameAsPrinted(text, today[i]!)) {
      near += 1;
      continue;
    }
    unequal += 1;
    first ??= { stored: text, now: today[i]! };
    if (isClose(Number(text), Number(today[i]))) near += 1;
  }
  const verdict = unequal === 0 ? "equal" : near >= MOST_CLOSE * then.length ? "close" : "different";
  return { cell: stored.cell, verdict, first };
}

/** Equal as far as the one with fewer digits was printed. */
function sameAsPrinted(a: string, b: string): boolean {
  const [x, y] = [Number(a), Number(b)];
  if (x === y) return true;
  const step = Math.max(lastDigit(a), lastDigit(b));
  return Math.abs(x - y) <= step * 0.500001 + 1e-9 * Math.abs(x);
}

/** Worth of the last printed digit: 0.01 for `3.14`. Whole numbers are exact. */
function lastDigit(text: string): number {
  const [mantissa, exponent] = text.toLowerCase().split("e");
  const decimals = mantissa!.split(".")[1];
  if (decimals === undefined && exponent === undefined) return 0;
  return 10 ** (Number(exponent ?? 0) - (decimals?.length ?? 0));
}

const isClose = (x: number, y: number): boolean => Math.abs(x - y) <= CLOSE * Math.max(Math.abs(x), Math.abs(y));

/** Text of a cell's outputs without pictures, addresses and colours; null where there is none. */
function printed(outputs: readonly StoredOutput[]): string | null {
  const parts = outputs.flatMap((output) => {
    if (output.output_type === "stream") return output.name === "stderr" ? [] : [textOf(output.text)];
    const data = output.data as Record<string, unknown> | undefined;
    // nbformat 3 has the text beside the type.
    const text = textOf(data === undefined ? output.text : data["text/plain"]);
    const picture = Object.keys(data ?? output).some((type) => /^(image\/|png$|jpeg$|svg$)/.test(type));
    return picture ? [] : [text];
  });
  const text = parts
    .join("\n")
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/0x[0-9a-fA-F]+/g, "");
  return text.trim() === "" || text.length > MOST ? null : text;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.filter((part) => typeof part === "string").join("");
  return typeof value === "string" ? value : "";
}
