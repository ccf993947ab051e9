import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { staticReport } from "../../../src/notebook/index.js";
import { pythonWithPandas, skipped } from "../codegen/python.js";
import { notebookOf, parser } from "../notebook/parser.js";

const RUNTIME = resolve(import.meta.dirname, "../../../src/runtime");

interface Trap {
  cells: string[];
  /** Stored execution counts, where the trap is about them, and the order in which they make the cells run. */
  counts: number[];
  order: number[] | null;
  /** Cells of the scoring module that the run has cut; null: refused. */
  needed: number[] | null;
  served: string | null;
}

const reportOf = ({ cells, counts }: Trap) =>
  staticReport(notebookOf(cells.map((source, i) => [source, { count: counts[i] ?? null }])), { parser });

describe.skipIf(pythonWithPandas === null)(`check agrees with the run (${skipped})`, () => {
  let traps: [string, Trap][];

  beforeAll(() => {
    const { status, stdout, stderr } = spawnSync(pythonWithPandas!, ["tests/trap_cells.py"], {
      cwd: RUNTIME,
      env: { ...process.env, PYTHONPATH: RUNTIME, PYTHONDONTWRITEBYTECODE: "1", PYTHONWARNINGS: "ignore" },
      encoding: "utf8",
      maxBuffer: 64 << 20,
    });
    if (status !== 0) throw new Error(stderr);
    traps = Object.entries(JSON.parse(stdout) as Record<string, Trap>);
  }, 300_000);

  it("in every trap: what it called training or neither is not needed for scoring", () => {
    const wrong = traps.flatMap(([name, trap]) => {
      const { needed } = trap;
      const report = reportOf(trap);
      const unneeded = report.cells.filter(({ verdict }) => verdict === "train" || verdict === "drop");
      return unneeded
        .filter(({ cell }) => needed?.includes(cell) === true)
        .map(({ cell, verdict, reason }) => `${name}, cell ${cell}: ${verdict} (${reason})`);
    });
    expect(wrong).toEqual([]);
    expect(traps.filter(([, { needed }]) => needed !== null).length).toBeGreaterThan(60);
  });

  it("in every trap: what it would serve is what is served", () => {
    const wrong = traps.flatMap(([name, trap]) => {
      const { needed, served } = trap;
      const guess = reportOf(trap).served;
      return needed === null || guess?.name === served ? [] : [`${name}: ${guess?.name ?? "nothing"}, not ${served}`];
    });
    expect(wrong).toEqual([]);
  });

  it("in every trap: the order of the cells is that of its head", () => {
    const found = traps.map(([name, trap]) => [name, reportOf(trap).order?.cells ?? null]);
    expect(found).toEqual(traps.map(([name, { order }]) => [name, order]));
    expect(traps.filter(([, { order }]) => order !== null).length).toBeGreaterThan(1);
  });
});
