import type { AnalysedCell } from "../analysis.js";
import { effectsOf, shared } from "./effects.js";
import { evidenceFor, ranBefore } from "./evidence.js";
import type { Look } from "./look.js";
import { lackingIn } from "./moves.js";
import { type Need, needsIn } from "./needs.js";

/** An order with what is seen in it. */
export interface Seen {
  cells: readonly AnalysedCell[];
  look: Look;
}

/**
 * Why another order than the file's is not surely the author's, or null: a cell was moved over one whose names it shares, a name is
 * given another value further down, or what is stored does not say that the definer ran first.
 */
export function clashIn(file: Seen, moved: Seen): string | null {
  return crossed(file, moved) ?? givenAgain(file, moved) ?? unsupported(file, moved);
}

function crossed(file: Seen, moved: Seen): string | null {
  const lacking = lackingIn(file.cells, file.look.flow);
  const seen = [file, moved].map(({ cells, look }) => effectsOf(cells, look));
  for (const [upper, lower] of invertedPairs(file, moved)) {
    const except = lacking.get(upper.cell) ?? new Set<string>();
    for (const effects of seen) {
      const both = shared(effects.get(upper.cell)!, effects.get(lower.cell)!, except);
      if (both !== null)
        return `cells ${upper.cell} and ${lower.cell} share ${named(both)}, so that their order matters`;
    }
  }
  return null;
}

/** A name that several cells give: the user may have run with any of them. */
function givenAgain(file: Seen, moved: Seen): string | null {
  const effects = effectsOf(moved.cells, moved.look);
  for (const { user, names } of needsMet(file, moved)) {
    for (const below of moved.cells.slice(moved.cells.indexOf(user) + 1)) {
      const name = names.find((one) => effects.get(below.cell)!.writes.has(one));
      if (name !== undefined && !ranBefore(user, below))
        return `cell ${below.cell} gives \`${name}\` another value, and nothing says that cell ${user.cell} ran before it`;
    }
  }
  return null;
}

function unsupported(file: Seen, moved: Seen): string | null {
  for (const need of needsMet(file, moved)) {
    const { supports, text } = evidenceFor(need);
    if (!supports) return text;
  }
  return null;
}

/** The cells that now run above a cell that lacked something, with what it lacked: of every cell that the change is made for. */
export function needsMet(file: Seen, moved: Seen): Need[] {
  const lacking = lackingIn(file.cells, file.look.flow);
  const pairs = invertedPairs(file, moved);
  const lifted = new Set(pairs.map(([, lower]) => lower));
  const users = new Set(needsIn(file.cells, file.look).map(({ user }) => user));
  return pairs.flatMap(([user, definer]) => {
    const names = [...(lacking.get(user.cell) ?? [])];
    return names.length > 0 && (users.has(user) || lifted.has(user)) ? [{ user, definer, names }] : [];
  });
}

/** Cells that run in the other order than they stand: the upper one first. */
function invertedPairs(file: Seen, moved: Seen): [AnalysedCell, AnalysedCell][] {
  const place = new Map(moved.cells.map((cell, index) => [cell, index]));
  return file.cells.flatMap((upper, i) =>
    file.cells
      .slice(i + 1)
      .flatMap((lower): [AnalysedCell, AnalysedCell][] =>
        place.get(lower)! < place.get(upper)! ? [[upper, lower]] : [],
      ),
  );
}

const named = (what: string): string => (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(what) ? `\`${what}\`` : what);
