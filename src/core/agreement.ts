/** How what a cell printed now compares with what its author saw. */
export interface CellAgreement {
  cell: number;
  /** `close`: nine in ten of the numbers within five per cent, as with other random numbers or other library versions. */
  verdict: "equal" | "close" | "different";
  /** The first number that differs, then and now; null where all are equal. */
  first: { stored: string; now: string } | null;
}

/** Agreement of a run with the outputs that are stored in the notebook. Cells that print nothing comparable are left out. */
export interface Agreement {
  schema: "iapp.agreement/1";
  equal: number;
  close: number;
  different: number;
  cells: CellAgreement[];
}
