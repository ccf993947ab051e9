import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate } from "../../../src/codegen/index.js";
import type { Piece } from "../../../src/core/contract.js";
import { record, TestNotebook } from "./build.js";
import { python, script } from "./python.js";

/** Large files of Python's own library: strings over lines, decorators, comments, odd layouts. */
const FILES = [
  "argparse",
  "textwrap",
  "dataclasses",
  "inspect",
  "tokenize",
  "typing",
  "decimal",
  "_pydecimal",
  "turtle",
];

describe.skipIf(python === null)("statements inside features() are the author's", () => {
  const run = (...args: string[]): string => execFileSync(python!, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  const paths: string[] = JSON.parse(
    run(
      "-c",
      `import importlib.util as u, json; print(json.dumps([u.find_spec(n).origin for n in ${JSON.stringify(FILES)} if u.find_spec(n)]))`,
    ),
  );
  const files: { source: string; pieces: Pick<Piece, "span" | "line" | "kind">[] }[] = JSON.parse(
    run(script("statements.py"), "list", ...paths),
  );

  it.each(paths.map((path, i) => [path.split("/").pop()!, i] as const))("%s", (_, i) => {
    const { source, pieces } = files[i]!;
    const notebook = new TestNotebook([source]);
    const features = pieces.map((piece) => ({ ...piece, cell: 1, edits: [], binds: [], reads: [], note: null }));
    const result = { ...features[0]!, kind: "expression" as const, text: "df" };
    const generated = generate(notebook.program, record({ features, result }), null);
    const path = join(mkdtempSync(join(tmpdir(), "iapp-codegen-")), "score.py");
    writeFileSync(path, generated["score.py"]);
    const compared = JSON.parse(run(script("statements.py"), "compare", path, paths[i]!));
    expect(compared).toEqual({ statements: pieces.length, written: pieces.length, differ: 0 });
  });
});
