import type { CellOrder } from "../../core/contract.js";

/** One sentence for every cell that is run above where it stands. */
export function orderInWords({ by, cells, moves }: CellOrder): { cell: number; text: string }[] {
  const as = by === "counts" ? ` (all cells as the stored execution counts say: ${cells.join(", ")})` : "";
  return moves.map(({ cell, before, names, evidence }) => {
    const why =
      names.length > 0
        ? `which uses ${names.map((name) => `\`${name}\``).join(", ")} from it`
        : `because another cell that is run before it depends on cell ${cell}`;
    return { cell: before, text: `cell ${cell} is run before cell ${before}, ${why}; ${evidence}${as}` };
  });
}
