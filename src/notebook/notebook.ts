/** An output as stored in the file, with the names of nbformat 4. */
export interface StoredOutput {
  output_type: string;
  [field: string]: unknown;
}

export interface TextCell {
  kind: "markdown" | "raw";
  position: number;
  source: string;
}

export interface CodeCell {
  kind: "code";
  /** 1-based number among code cells: how cells are cited everywhere. */
  cell: number;
  /** Index among all cells of the file (of all worksheets, in nbformat 3). */
  position: number;
  id: string | null;
  source: string;
  tags: string[];
  executionCount: number | null;
  outputs: StoredOutput[];
  metadata: Record<string, unknown>;
}

export type Cell = CodeCell | TextCell;

export interface Notebook {
  fileName: string;
  format: { major: number; minor: number };
  kernel: { name: string | null; displayName: string | null };
  /** As the kernel reported it (`3.11.4`), null where the file does not say. */
  languageVersion: string | null;
  cells: Cell[];
  /** The code cells, in file order. */
  code: CodeCell[];
  metadata: Record<string, unknown>;
}
