import type { AnalysedCell } from "../analysis.js";
import type { Need } from "./needs.js";

/** What the file says about whether the definer ran before the user. */
export interface Evidence {
  /** False where it is contradicted, and where nothing is said. */
  supports: boolean;
  text: string;
}

export function evidenceFor({ user, definer, names }: Need): Evidence {
  const { outputs } = user.notebookCell;
  // Counts of several sessions of the kernel may stand side by side: an error says more.
  const failed = outputs.find(({ output_type }) => output_type === "error");
  if (failed !== undefined)
    return { supports: false, text: `the stored output of cell ${user.cell} is an error (${String(failed.ename)})` };
  const [late, early] = [countOf(user), countOf(definer)];
  if (late !== null && early !== null && early !== late) {
    const text = `by the stored execution counts cell ${definer.cell} ran ${ranAs(early)}, cell ${user.cell} ${ranAs(late)}`;
    return { supports: early < late, text };
  }
  if (outputs.length > 0)
    return { supports: true, text: `cell ${user.cell} has a stored output, so ${listed(names)} was there when it ran` };
  return {
    supports: false,
    text: `nothing stored in the file shows that cell ${user.cell} ran after cell ${definer.cell}`,
  };
}

/** Whether the counts say that the first ran before the second. */
export function ranBefore(first: AnalysedCell, second: AnalysedCell): boolean {
  const [early, late] = [countOf(first), countOf(second)];
  return early !== null && late !== null && early < late;
}

export const countOf = ({ notebookCell }: AnalysedCell): number | null => notebookCell.executionCount;

const ranAs = (count: number): string => `as number ${count}`;
const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");
