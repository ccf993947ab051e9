import type { Piece, RecordDocument } from "../core/contract.js";
import type { Cells } from "./layout.js";
import { namesIn } from "./names.js";
import type { Naming } from "./naming.js";
import type { Definition } from "./scope.js";
import type { Block } from "./writer.js";

type Present<K extends keyof RecordDocument> = { [P in K]: NonNullable<RecordDocument[P]> };

/** The record's pieces as text, and the names in them. */
export class ModuleParts {
  readonly definitions: Definition[];
  readonly features: Block[];
  readonly post: Block[];
  /** The expression that `features` returns. */
  readonly result: Block;
  readonly mentions: ReadonlySet<string>;
  /** The spelling of each model in the module: with a name of its own where a function binds the author's name again. */
  readonly aliases = new Map<string, string>();

  constructor(
    readonly record: RecordDocument,
    readonly served: Present<"source" | "result" | "predict">,
    cells: Cells,
    readonly naming: Naming,
  ) {
    const block = (piece: Piece, place: number | null): Block => {
      const { comments, code } = cells.render(piece, naming.respell, piece.kind !== "expression");
      return { cell: piece.cell, comments, code, piece: place, mapped: piece.kind !== "expression" && place !== null };
    };
    this.definitions = record.definitions.map((piece) => {
      const { comments, code } = cells.render(piece, naming.respell, true);
      return { piece, code, comments, mentions: namesIn(code) };
    });
    this.features = record.features.map(block);
    this.result = { ...block(served.result, null), comments: [], mapped: true };
    this.post = record.post.map((piece) => block(piece, null));
    const texts = [...this.definitions, ...this.features, this.result, ...this.post].map((part) => part.code);
    this.mentions = new Set(texts.flatMap((text) => [...namesIn(text)]));
  }
}

/** Names that pieces bind, as the record says. */
export function boundBy(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((piece) => piece.binds);
}
