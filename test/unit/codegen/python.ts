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
  proba: number | false;
  source: string;
}

/** Runs the case's notebook, generates its module with what was learned, and compares the two. */
export function compare({ notebook, record, ...rest }: Case): Comparison {
  const folder = mkdtempSync(join(tmpdir(), "iapp-codegen-"));
  const json = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(folder, name), "utf8"));
  writeFileSync(join(folder, "case.json"), JSON.stringify({ cells: notebook.cells, ...rest }));
  run("notebook.py", folder);
  const [values, names] = [json("values.json"), json("names.json")];
  const learned: RecordDocument = {
    ...record,
    frozen: record.frozen.map((value) => ({ ...value, value: values[value.name] })),
    models: record.models.map((model) => ({ ...model, main_names: names[model.name] as string[] })),
  };
  const generated = generate(notebook.program, learned, null);
  const entries = learned.frozen.map(({ name, access, value }) => [name, { access, value }]);
  const models = learned.models.map(({ name, file, access, keys }) => [name, { file, access, keys }]);
  const document = { schema: "iapp.frozen/1", values: Object.fromEntries(entries), models: Object.fromEntries(models) };
  writeFileSync(join(folder, "frozen.json"), JSON.stringify(document));
  writeFileSync(join(folder, "score.py"), generated["score.py"]);
  return { ...JSON.parse(run("compare.py", folder)), source: generated["score.py"] };
}

export function script(name: string): string {
  return join(SCRIPTS, name);
}

function run(script: string, folder: string): string {
  const options = { cwd: folder, env: ENV, encoding: "utf8" as const };
  const done = spawnSync(pythonWithPandas!, [join(SCRIPTS, script), folder], options);
  if (done.status !== 0) {
    const source = spawnSync("cat", ["-n", join(folder, "score.py")], { encoding: "utf8" }).stdout;
    throw new Error(`${script} failed:\n${done.stderr}\n${source}`);
  }
  return done.stdout;
}
