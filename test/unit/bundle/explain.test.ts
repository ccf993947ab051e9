import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeBundle } from "../../../src/actions/bundle/index.js";
import type { CellExplained, ColumnExplained } from "../../../src/actions/explain/index.js";
import { type Outcome, runIapp, temporaryFolder } from "../../helpers/run-iapp.js";
import { context, makeRun } from "./run-folder.js";

const SCORE = `def features(rows):
    df = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)
    df["half"] = df["age"] / 2
    df["old"] = (
        df["half"] > frozen.age_median
    )
    return df[["old"]]
`;

/** Runs `iapp explain` in a project with one bundle. */
async function project(): Promise<(...words: string[]) => Promise<Outcome>> {
  const root = await temporaryFolder();
  const input = await makeRun(root, "r1", { score: SCORE });
  const map = [
    { line: 3, end_line: 3, cell: 2, piece: 0 },
    { line: 4, end_line: 6, cell: 2, piece: 1 },
  ];
  await writeFile(join(input.runDir, "score.map.json"), JSON.stringify(map));
  await writeBundle(context(root), input);
  return (...words) => runIapp(["explain", ...words], { cwd: root });
}

describe("iapp explain", () => {
  it("tells of a cell its verdict, the reason, its statements and what was learned in it", async () => {
    const explain = await project();
    const found = (await explain("2", "--json")).json() as CellExplained;
    expect(found).toMatchObject({ kind: "cell", cell: 2, verdict: "score", reason: "fills holes in age" });
    expect(found.lines.map(({ line }) => line)).toEqual([3, 4]);
    expect(found.lines[1]?.text).toContain("> frozen.age_median\n");
    expect(found.frozen.map(({ name }) => name)).toContain("age_median");
    const { stdout } = await explain("cell 2");
    expect(stdout).toContain("cell 2  score: fills holes in age");
    expect(stdout).toContain("learned age_median = ");
    expect((await explain("1")).stdout).toContain("nothing of it is in score.py");
  });

  it("tells of a column whether rows bring it, where it is named, and what it is made beside", async () => {
    const explain = await project();
    const age = (await explain("age", "--json")).json() as ColumnExplained;
    expect(age).toMatchObject({ kind: "column", column: "age", contract: { required: true }, beside: [] });
    expect(age.lines.map(({ line }) => line)).toEqual([3]);
    const old = (await explain("old", "--json")).json() as ColumnExplained;
    expect(old).toMatchObject({ contract: null, beside: ["age"] });
    expect((await explain("old")).stdout).toContain("old  rows do not bring it");
  });

  it("says what there is instead of what there is not", async () => {
    const explain = await project();
    const cell = await explain("9");
    expect(cell.code).toBe(2);
    expect(cell.stderr).toContain("the notebook has no code cell 9");
    const column = await explain("hallf");
    expect(column.code).toBe(2);
    expect(column.stderr).toContain('Did you mean "half"?');
  });
});
