import type { AnalysedCell } from "../analysis.js";
import { type Unmet, unmetNames } from "../report/unmet.js";
import { countOf, ranBefore } from "./evidence.js";
import type { Look } from "./look.js";

/** A cell that uses names which only a cell further down defines. */
export interface Need {
  user: AnalysedCell;
  definer: AnalysedCell;
  names: string[];
}

/** Uses that another order could satisfy and that matter: for the model, and not only under a condition. */
export function needsIn(cells: readonly AnalysedCell[], look: Look): Need[] {
  const found: Need[] = [];
  for (const unmet of unmetNames(cells, look.flow)) {
    if (!look.needed(unmet.statement) || unmet.guarded) continue;
    const definer = definerBelow(cells, unmet);
    if (definer === undefined) continue;
    const known = found.find((one) => one.user === unmet.cell && one.definer === definer);
    if (known === undefined) found.push({ user: unmet.cell, definer, names: [unmet.name] });
    else if (!known.names.includes(unmet.name)) known.names.push(unmet.name);
  }
  return found;
}

/** Of the cells below the use that bind the name, in the order given: the one that ran last before it, else the first. */
function definerBelow(cells: readonly AnalysedCell[], { cell, name }: Unmet): AnalysedCell | undefined {
  const below = cells.slice(cells.indexOf(cell) + 1).filter((one) => binds(one, name));
  const ran = below.filter((one) => ranBefore(one, cell)).sort((a, b) => countOf(b)! - countOf(a)!);
  return ran[0] ?? below[0];
}

export const binds = (cell: AnalysedCell, name: string): boolean =>
  cell.statements.some(({ names }) => names.binds.has(name) && !names.deletes.has(name));
