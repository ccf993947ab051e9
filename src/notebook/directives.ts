import type { Directive } from "../core/contract.js";
import { UserError } from "../core/errors.js";
import { nearest } from "../core/near.js";
import type { MaskedCell } from "./magics.js";
import type { CodeCell } from "./notebook.js";
import { Offsets } from "./text.js";

export const DIRECTIVES: readonly Directive[] = ["skip", "train-only", "serve", "input"];

/**
 * What the author says about a cell: comments `# iapp: skip` (several with commas) and cell tags `iapp:skip` or `iapp-skip`.
 * A word that is none of ours is an error, since it was meant to change something.
 */
export function directivesOf(cell: CodeCell, masked: MaskedCell): Directive[] {
  const found = new Set<Directive>();
  const add = (word: string, where: string): void => {
    const name = word.trim().toLowerCase().replaceAll("_", "-") as Directive;
    if (name.length > 0 && !DIRECTIVES.includes(name)) throw unknown(word.trim(), where);
    if (name.length > 0) found.add(name);
  };
  const offsets = new Offsets(cell.source);
  for (const { start, text } of masked.comments) {
    const words = /^#+[ \t]*iapp[ \t]*:[ \t]*(.*)$/i.exec(text)?.[1];
    if (words === undefined) continue;
    for (const word of words.split(",")) add(word, `cell ${cell.cell}, line ${offsets.line(start)}`);
  }
  for (const tag of cell.tags) {
    const word = /^iapp[:-](.*)$/i.exec(tag)?.[1];
    if (word !== undefined) add(word, `cell ${cell.cell}, tag`);
  }
  return [...found];
}

function unknown(word: string, where: string): UserError {
  const near = nearest(word, DIRECTIVES, 1)[0];
  const known = `Known are: ${DIRECTIVES.join(", ")}.`;
  return new UserError("IAPP_NOTEBOOK_DIRECTIVE", `"${word}" is no directive of iapp`, {
    where,
    remedy: near === undefined ? known : `Did you mean "${near}"? ${known}`,
  });
}
