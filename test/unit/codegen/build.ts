import type {
  Edit,
  FrozenValue,
  Piece,
  Program,
  RecordDocument,
  Span,
  StoredModel,
} from "../../../src/core/contract.js";

/** An edit by text: in the piece, `find` becomes `template`; `holes` are texts inside `find`. */
export type TextEdit = [find: string, template: string, ...holes: string[]];

export interface PieceOptions {
  edits?: TextEdit[];
  binds?: string[];
  reads?: string[];
  note?: string;
  kind?: Piece["kind"];
}

const bytes = (text: string): number => Buffer.byteLength(text);

/** Byte span of the first `needle` in `text` at or after byte `from`. */
function spanOf(text: string, needle: string, from = 0, what = "text"): Span {
  const start = Buffer.from(text).indexOf(needle, from);
  if (start < 0) throw new Error(`the ${what} has no ${JSON.stringify(needle)}`);
  return [start, start + bytes(needle)];
}

/** A notebook given as the sources of its cells, and pieces of it given by their text. */
export class TestNotebook {
  readonly program: Program;

  constructor(readonly cells: string[]) {
    this.program = {
      schema: "iapp.program/1",
      order: null,
      remarks: [],
      missing: {},
      answers: {},
      paths: {},
      notebook: "/home/someone/notebooks/churn.ipynb",
      workdir: "/home/someone/notebooks",
      language_version: "3.11",
      cells: cells.map((source, i) => ({
        cell: i + 1,
        position: i,
        id: null,
        source,
        skip: false,
        directives: [],
        magics: [],
      })),
      parameters: [],
      serve: { name: null, cell: null },
      limits: { cell_seconds: null, run_seconds: null, output_bytes_per_cell: 1000 },
      stop_on_error: false,
      env: {},
    };
  }

  piece(cell: number, text: string, options: PieceOptions = {}): Piece {
    const source = this.cells[cell - 1]!;
    const span = spanOf(source, text, 0, `cell ${cell}`);
    const edits = (options.edits ?? []).map(([find, template, ...holes]): Edit => {
      const at = spanOf(source, find, span[0], `piece ${JSON.stringify(text)}`);
      let from = at[0];
      const spans = holes.map((hole) => {
        const found = spanOf(source, hole, from, `edit ${JSON.stringify(find)}`);
        from = found[0] + (hole === find ? 0 : 1);
        return found;
      });
      return { span: at, template, holes: spans };
    });
    return {
      cell,
      line: Buffer.from(source).subarray(0, span[0]).toString().split("\n").length,
      span,
      kind: options.kind ?? "statement",
      edits,
      binds: options.binds ?? [],
      reads: options.reads ?? [],
      note: options.note ?? null,
    };
  }

  expression(cell: number, text: string, edits: TextEdit[] = []): Piece {
    return this.piece(cell, text, { kind: "expression", edits });
  }

  definition(cell: number, text: string, binds: string[], reads: string[] = [], edits: TextEdit[] = []): Piece {
    return this.piece(cell, text, { kind: "definition", binds, reads, edits });
  }

  imported(cell: number, text: string, ...binds: string[]): RecordDocument["imports"][number] {
    return { cell, span: spanOf(this.cells[cell - 1]!, text), text, binds };
  }
}

export function frozen(name: string, value: unknown, options: Partial<FrozenValue> = {}): FrozenValue {
  return { name, access: "constant", value, origin: { cell: 3, span: null, text: "" }, summary: "", ...options };
}

/** A learned value under the author's own name. */
export function liveIn(name: string, value: unknown, summary = ""): FrozenValue {
  return frozen(name, value, { bind: "module", summary });
}

export function model(name: string, kind: string, options: Partial<StoredModel> = {}): StoredModel {
  const file = `objects/${name}.pkl`;
  return {
    name,
    class: kind,
    file,
    access: "constant",
    keys: null,
    origin: { cell: 5, text: "" },
    main_names: [],
    ...options,
  };
}

/** A record in which everything but the given parts is plain: `clf.predict` served from the frame `df` of churn.csv. */
export function record(parts: Partial<RecordDocument> & Pick<RecordDocument, "result">): RecordDocument {
  return {
    schema: "iapp.record/1",
    status: "ok",
    refusal: null,
    python: "3.11.7",
    packages: {},
    served: {
      name: "clf",
      class: "LogisticRegression",
      module: "sklearn.linear_model",
      cell: 5,
      line: 1,
      method: "predict",
      why: "its predictions were scored last",
      confidence: "certain",
      alternatives: [],
    },
    source: {
      name: "df",
      cell: 2,
      line: 1,
      call: 'pd.read_csv("data/churn.csv")',
      kind: "frame",
      rows: 6,
      columns: [
        { name: "age", dtype: "int64" },
        { name: "plan", dtype: "object" },
        { name: "fee", dtype: "float64" },
      ],
      target: null,
    },
    cells: [],
    failures: [],
    imports: [],
    definitions: [],
    features: [],
    predict: { model: "clf", call: "clf.predict({X})", returns: "prediction" },
    proba: null,
    classes: null,
    post: [],
    post_input: null,
    post_result: null,
    task: "classification",
    frozen: [],
    models: [model("clf", "LogisticRegression")],
    helpers: [],
    checks: [],
    warnings: [],
    timing: { run_seconds: 1, user_seconds: 1, tracking_seconds: 0 },
    data_files: [],
    modules: [],
    ...parts,
  };
}
