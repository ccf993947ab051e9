import type { AnalysedCell } from "../analysis.js";
import { unmetNames } from "../report/unmet.js";
import { type Effects, effectsOf, shared } from "./effects.js";
import type { Look, LookAt } from "./look.js";
import { type Need, needsIn } from "./needs.js";

/**
 * The order of the file with the fewest moves that define every name before its use: the definer goes right above the first user,
 * together with the cells in between that it depends on. Gives the need that cannot be met when cells need each other.
 */
export function movedUp(
  cells: readonly AnalysedCell[],
  lookAt: LookAt<Look>,
): { order: AnalysedCell[] } | { circle: Need } {
  let order = [...cells];
  // Every move puts at least one cell above another that it has not been above; a circle undoes earlier ones.
  const above = new Set<string>();
  for (;;) {
    const look = lookAt(order);
    const [need] = needsIn(order, look);
    if (need === undefined) return { order };
    const key = `${need.definer.cell} ${need.user.cell}`;
    if (above.has(key) || above.has(`${need.user.cell} ${need.definer.cell}`)) return { circle: need };
    above.add(key);
    const lacking = lackingIn(order, look.flow);
    order = lifted(order, need, effectsOf(order, look), lacking);
  }
}

/** Names that a cell uses although nothing above it defines them. Not those that it may do without: that they are not there counts. */
export function lackingIn(cells: readonly AnalysedCell[], flow: Look["flow"]): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const { cell, name } of unmetNames(cells, flow).filter(({ guarded }) => !guarded))
    found.set(cell.cell, (found.get(cell.cell) ?? new Set()).add(name));
  return found;
}

function lifted(
  order: readonly AnalysedCell[],
  { user, definer }: Need,
  effects: ReadonlyMap<number, Effects>,
  lacking: ReadonlyMap<number, Set<string>>,
): AnalysedCell[] {
  const [from, to] = [order.indexOf(user), order.indexOf(definer)];
  const group = [definer];
  for (let i = to - 1; i > from; i--) {
    const between = order[i]!;
    const except = lacking.get(between.cell) ?? new Set<string>();
    const tied = group.some((one) => shared(effects.get(between.cell)!, effects.get(one.cell)!, except) !== null);
    if (tied) group.unshift(between);
  }
  const rest = order.slice(from + 1, to + 1).filter((one) => !group.includes(one));
  return [...order.slice(0, from), ...group, user, ...rest, ...order.slice(to + 1)];
}
