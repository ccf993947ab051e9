// `npm test`: everything that must hold, on a machine with Node and Python only. Parts run side by side; what cannot run here is named.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const work = join(root, ".venv");
const reports = join(work, "reports");
const totals = { passed: 0, failed: 0, skipped: 0 };
const notes = [];

/** Runs a program with its output on ours; resolves with the exit code. */
function run(command, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: options.quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
      ...options,
    });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => done({ code: 127, output: String(error) }));
    child.on("close", (code) => done({ code: code ?? 1, output }));
  });
}

function count(name, ok) {
  totals[ok ? "passed" : "failed"] += 1;
  if (!ok) notes.push(`failed: ${name}`);
}

async function step(name, command, args, options) {
  const { code, output } = await run(command, args, { quiet: true, ...options });
  if (code !== 0) process.stdout.write(`\n--- ${name}\n${output}\n`);
  count(name, code === 0);
  return code === 0;
}

/** A virtual environment with the given packages, made once per list of packages. */
async function environment(name, python, packages) {
  const folder = join(work, name);
  const mark = join(folder, "packages.json");
  const wanted = JSON.stringify({ python, packages });
  if (existsSync(mark) && (await readFile(mark, "utf8")) === wanted) return folder;
  await rm(folder, { recursive: true, force: true });
  const uv = await tool("uv");
  let result = await run(uv, ["venv", "--quiet", "--no-project", "--python", python, folder], { quiet: true });
  if (result.code !== 0) return null;
  result = await run(uv, ["pip", "install", "--quiet", "--python", join(folder, "bin/python"), ...packages], {
    quiet: true,
  });
  if (result.code !== 0) {
    process.stdout.write(`\n--- environment ${name}\n${result.output}\n`);
    return null;
  }
  await writeFile(mark, wanted);
  return folder;
}

/** An interpreter of that version: on the path, or one of a version manager's (whose shims answer only for the chosen version). */
async function interpreter(version) {
  const manager = join(process.env.PYENV_ROOT ?? join(process.env.HOME ?? "", ".pyenv"), "versions");
  const managed = await readdir(manager).catch(() => []);
  const found = managed
    .filter((name) => name.startsWith(`${version}.`))
    .map((name) => join(manager, name, "bin/python"));
  for (const candidate of [`python${version}`, ...found]) {
    if ((await run(candidate, ["-c", "import venv, ensurepip"], { quiet: true })).code === 0) return candidate;
  }
  return version;
}

async function tool(name) {
  const folder = join(work, "tools");
  const path = join(folder, "bin", name);
  if (existsSync(path)) return path;
  await run("python3", ["-m", "venv", folder], { quiet: true });
  const { code, output } = await run(join(folder, "bin/python"), ["-m", "pip", "install", "--quiet", name], {
    quiet: true,
  });
  if (code !== 0) throw new Error(`${name} cannot be installed: ${output}`);
  return path;
}

async function pytest(name, folder, extra = []) {
  const report = join(reports, `${name}.xml`);
  const { code, output } = await run(
    join(folder, "bin/python"),
    ["-m", "pytest", "-q", "--disable-warnings", "-p", "no:cacheprovider", `--junitxml=${report}`, ...extra],
    {
      cwd: join(root, "src/runtime"),
      quiet: true,
    },
  );
  const text = await readFile(report, "utf8").catch(() => "");
  const number = (key) => Number(new RegExp(`<testsuite [^>]*\\b${key}="(\\d+)"`).exec(text)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  totals.failed += failed;
  totals.skipped += number("skipped");
  totals.passed += number("tests") - failed - number("skipped");
  if (code !== 0) {
    process.stdout.write(`\n--- pytest, ${name}\n${output}\n`);
    if (failed === 0) count(`pytest, ${name}`, false);
  }
}

async function vitest(name, extra) {
  const report = join(reports, `${name}.json`);
  const env = {
    ...process.env,
    IAPP_TEST_PYTHON: join(work, "newest/bin/python"),
    IAPP_TEST_PACKAGES: join(work, "packages"),
  };
  const args = ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...extra];
  const { code, output } = await run("npx", args, { env: { ...env, NO_COLOR: "1" }, quiet: true });
  if (code !== 0) process.stdout.write(`\n--- vitest, ${name}\n${output}\n`);
  const document = JSON.parse(await readFile(report, "utf8").catch(() => "{}"));
  totals.passed += document.numPassedTests ?? 0;
  totals.failed += document.numFailedTests ?? 0;
  totals.skipped += (document.numPendingTests ?? 0) + (document.numTodoTests ?? 0);
  if (code !== 0 && !document.numFailedTests) count(`vitest, ${name}`, false);
}

const TOOLS = [
  "pytest",
  "nbclient",
  "ipykernel",
  "joblib",
  "cloudpickle",
  "msgspec",
  "orjson",
  "uvicorn",
  "httptools",
  "uvloop",
];
const NEWEST = [
  ...[
    "pandas",
    "scikit-learn",
    "matplotlib",
    "pyarrow",
    "statsmodels",
    "imbalanced-learn",
    "lightgbm",
    "polars",
    "ruff",
    "mypy",
  ],
  ...TOOLS,
];
const PLANTED = "tests/test_prove_planted_faults.py";
const STARTUP = "test/startup.test.ts";
const OLDEST = [
  ...["pandas==1.3.5", "numpy==1.21.6", "scikit-learn==1.0.2", "scipy==1.7.3", "matplotlib<3.8"],
  ...["statsmodels==0.13.5", "imbalanced-learn==0.9.0", "lightgbm==3.3.5"],
  ...TOOLS,
];

await mkdir(reports, { recursive: true });
const built = await step("build", process.execPath, ["scripts/build.mjs"]);
if (built) {
  await Promise.all([
    step("biome", "npx", ["biome", "check", "--error-on-warnings", "."]),
    step("types", "npx", ["tsc", "--noEmit", "-p", "."]),
  ]);
  const newest = await environment("newest", "python3", NEWEST);
  if (newest === null) count("an environment with the newest libraries", false);
  // Taken against bare Node in the same moment, but a machine with two cores has no such moment beside three other suites.
  await vitest("start-up", [STARTUP]);
  const withNewest = (async () => {
    if (newest === null) return;
    const cwd = join(root, "src/runtime");
    await step("ruff check", join(newest, "bin/ruff"), ["check", "."], { cwd });
    await step("ruff format", join(newest, "bin/ruff"), ["format", "--check", "."], { cwd });
    await step("mypy", join(newest, "bin/mypy"), [], { cwd });
    await pytest("newest libraries", newest, [`--ignore=${PLANTED}`]);
  })();
  const withOldest = (async () => {
    const oldest = await environment("oldest", await interpreter("3.9"), OLDEST);
    if (oldest === null) notes.push("skipped: the oldest libraries (needs Python 3.9, which uv can find or fetch)");
    else await pytest("oldest libraries", oldest, [`--ignore=${PLANTED}`]);
    // What is planted is caught by the proof, whatever the libraries: here, because the other suite takes longer.
    if (newest !== null) await pytest("planted faults", newest, [PLANTED]);
  })();
  await Promise.all([withNewest, withOldest, vitest("the rest", ["--exclude", STARTUP])]);
}
for (const [name, variable] of [
  ["browser tests", "IAPP_TEST_BROWSER (path of a Chromium)"],
  ["cluster tests", "IAPP_TEST_KUBECONFIG"],
]) {
  if (!process.env[variable.split(" ")[0]]) notes.push(`skipped: ${name} (set ${variable})`);
}
for (const note of notes) process.stdout.write(`${note}\n`);
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
