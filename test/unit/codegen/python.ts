import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "../../../src/codegen/index.js";
import type { RecordDocument } from "../../../src/core/contract.js";
import type { TestNotebook } from "./build.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const SCRIPTS = join(ROOT, "test/fixtures/codegen");
const ENV = {
  ...process.env,
  PYTHONPATH: join(ROOT, "src/runtime"),
  PYTHONHASHSEED: "0",
  PYTHONDONTWRITEBYTECODE: "1",
};

/** A Python for compiling; null when the machine has none. */
export const python = find(["-c", "import sys; assert sys.version_info >= (3, 9)"]);
/** A Python that can run the modules; `IAPP_TEST_PYTHON` names one. */
export const pythonWithPandas = find(["-c", "import pandas, sklearn"]);
export const skipped = "no python3 with pandas and scikit-learn: set IAPP_TEST_PYTHON to one";

function find(probe: string[]): string | null {
  for (const candidate of [process.env.IAPP_TEST_PYTHON, "python3", "python"]) {
    if (candidate && spawnSync(candidate, probe, { stdio: "ignore" }).status === 0) return candidate;
  }
  return null;
}

/** Throws with the compiler's words when Python does not accept the module. */
export function compile(source: string): void {
  const folder = mkdtempSync(join(tmpdir(), "iapp-codegen-"));
  writeFileSync(join(folder, "score.py"), source);
  execFileSync(python!, ["-m", "py_compile", join(folder, "score.py")], { stdio: ["ignore", "ignore", "pipe"] });
}

export interface Case {
  notebook: TestNotebook;
  record: RecordDocument;
  /** Python expressions over the notebook's variables. */
  frozen: Record<string, string>;
  models: Record<string, string>;
  raw: string;
  features: string;
  predictions: string;
}

export interface Comparison {
  wrong: unknown[];
  rows: number;
  /** Columns of `predict_proba`. */
  proba: number | null;
  source: string;
}

/** Runs the notebooks, generates their modules with what was learned, and compares them; one Python for all. */
export function compareAll(cases: readonly Case[]): Comparison[] {
  const folders = cases.map(({ notebook, record: _, ...rest }) => {
    const folder = mkdtempSync(join(tmpdir(), "iapp-codegen-"));
    writeFileSync(join(folder, "case.json"), JSON.stringify({ cells: notebook.cells, ...rest }));
    return folder;
  });
  run("notebook.py", folders);
  const sources = cases.map((one, i) => generateInto(folders[i]!, one));
  const compared: Omit<Comparison, "source">[] = JSON.parse(run("compare.py", folders));
  return compared.map((result, i) => ({ ...result, source: sources[i]! }));
}

function generateInto(folder: string, { notebook, record }: Case): string {
  const json = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const [values, names] = [json("values.json"), json("names.json")];
  const learned: RecordDocument = {
    ...record,
    frozen: record.frozen.map((value) => ({ ...value, value: values[value.name] })),
    models: record.models.map((model) => ({ ...model, main_names: names[model.name] as string[] })),
  };
  const source = generate(notebook.program, learned, null)["score.py"];
  const entries = learned.frozen.map(({ name, access, value }) => [name, { access, value }]);
  const models = learned.models.map(({ name, file, access, keys }) => [name, { file, access, keys }]);
  const document = {
    schema: "iapp.frozen/1",
    values: Object.fromEntries(entries),
    models: Object.fromEntries(models),
  };
  writeFileSync(join(folder, "frozen.json"), JSON.stringify(document));
  writeFileSync(join(folder, "score.py"), source);
  return source;
}

export function script(name: string): string {
  return join(SCRIPTS, name);
}

function run(name: string, folders: string[]): string {
  const done = spawnSync(pythonWithPandas!, [script(name), ...folders], { env: ENV, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${name} failed:\n${done.stderr}`);
  return done.stdout;
}
