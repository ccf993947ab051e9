// Runs every notebook of a folder outside the project through `iapp train` (with --deploy also through `iapp deploy` and `iapp delete`)
// and prints one line each, with totals.
// With --evaluate each verified run is also held against the unedited notebook in a kernel of its own (see evaluate.py).
//   node test/corpus/run.mjs FOLDER [--deploy] [--evaluate] [--list FILE] [--out results.json] [--seconds 300] [--python PATH]
// The folder is copied first: notebooks write files, and an earlier run must not help a later one. One `.iapp` at the top of the copy is
// shared, so that equal environments are made once.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "string" },
    out: { type: "string" },
    seconds: { type: "string", default: "300" },
    python: { type: "string" },
    deploy: { type: "boolean", default: false },
    evaluate: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const folder = positionals[0];
if (folder === undefined) {
  process.stderr.write("usage: node test/corpus/run.mjs FOLDER [--list FILE] [--out FILE] [--seconds N] [--python PATH] [--keep]\n");
  process.exit(2);
}
const bin = resolve(import.meta.dirname, "../../bin/iapp.js");
const source = resolve(folder);

async function notebooks(at) {
  const found = [];
  for (const entry of await readdir(at, { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    const path = join(at, entry.name);
    if (entry.isDirectory()) found.push(...(await notebooks(path)));
    else if (entry.name.endsWith(".ipynb")) found.push(relative(source, path));
  }
  return found.sort();
}

function train(notebook, cwd) {
  const args = ["train", notebook, "--json", "--yes", "--cell-timeout", values.seconds];
  if (values.python !== undefined) args.push("--python", values.python);
  return iapp(args, cwd);
}

/** A first cell that seeds the random numbers: what a notebook draws must be the same in the run and in the evaluator's own kernel. */
async function seed(notebook) {
  const text = await readFile(notebook, "utf8");
  const document = JSON.parse(text);
  const lines = ["import random", "random.seed(7)", "try:", "    import numpy", "    numpy.random.seed(7)", "except ImportError:", "    pass"];
  if (/\btorch\b/.test(text)) lines.push("import torch", "torch.manual_seed(7)");
  if (/\b(keras|tensorflow)\b/.test(text)) lines.push("import tensorflow", "tensorflow.random.set_seed(7)");
  document.cells?.unshift({ cell_type: "code", execution_count: null, metadata: {}, outputs: [], source: lines.join("\n") });
  await writeFile(notebook, JSON.stringify(document));
}

/** What the evaluator says of a verified run. */
function evaluate(notebook, document, url) {
  const runtime = resolve(import.meta.dirname, "../../src/runtime");
  const { python } = document.environment;
  const args = [resolve(import.meta.dirname, "evaluate.py"), notebook, document.runDir, runtime, ...(url ? [url] : [])];
  return new Promise((done) => {
    execFile(python, args, { maxBuffer: 1 << 26, timeout: 900_000 }, (_error, stdout, stderr) => {
      try {
        const found = JSON.parse(stdout.trim().split("\n").at(-1));
        done(`evaluator: ${found.outcome}${found.rows ? ` on ${found.rows} rows (${found.compared})` : ""}${found.why ? `, ${found.why}` : ""}`);
      } catch {
        done(`evaluator: did not run, ${stderr.trim().split("\n").at(-1)}`);
      }
    });
  });
}

/**
 * Deploys what was trained and takes it away again: what the service answered to the example row, or why there is none. With --evaluate the
 * service's answers are held against the notebook's own.
 */
async function deploy(notebook, cwd, trained) {
  const name = `c${createHash("sha256").update(notebook).digest("hex").slice(0, 8)}`;
  const args = ["deploy", notebook, "--name", name, "--json", "--yes", "--cell-timeout", values.seconds];
  if (values.python !== undefined) args.push("--python", values.python);
  const { document, stderr } = await iapp(args, cwd);
  const found = values.evaluate && document?.url ? `; ${await evaluate(notebook, trained, document.url)}` : "";
  await iapp(["delete", name, "--yes"], cwd);
  if (document?.url) return `served, example answered in ${document.example.ms.toFixed(0)} ms${found}`;
  return `NOT SERVED: ${document?.error?.message ?? stderr.trim().split("\n").at(-1)}`;
}

function iapp(args, cwd) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr = (stderr + chunk).slice(-4000)));
    const timer = setTimeout(() => child.kill("SIGINT"), 2 * Number(values.seconds) * 1000);
    child.on("close", (code) => {
      clearTimeout(timer);
      let document = null;
      try {
        document = JSON.parse(stdout);
      } catch {}
      done({ code, document, stderr });
    });
  });
}

/** One line of the table: outcome, where and why. */
function outcome({ code, document, stderr }) {
  if (document === null) return { kind: "failed", why: `exit ${code}: ${stderr.trim().split("\n").at(-1) ?? ""}` };
  if (document.error) {
    const refused = document.error.code.startsWith("IAPP_NOTEBOOK") || code === 2;
    return { kind: refused ? "refused" : "failed", why: `${document.error.where ?? ""} ${document.error.message}`.trim() };
  }
  if (document.status === "verified") {
    const { served, source: raw, timing } = document.record ?? {};
    const ratio = timing && timing.user_seconds > 0.5 ? ` recording ${((timing.user_seconds + timing.tracking_seconds) / timing.user_seconds).toFixed(2)}x` : "";
    return { kind: "verified", why: `${served?.class}.${served?.method} cell ${served?.cell}, ${document.verification?.rows?.batch} of ${raw?.rows} rows${ratio}` };
  }
  if (document.status === "unequal") {
    const d = document.verification?.first_difference;
    return { kind: "unequal (not served)", why: d ? `cell ${d.cell} ${d.statement ?? ""} column ${d.column}: ${d.expected} against ${d.actual}` : (document.verification?.error ?? "") };
  }
  const refusal = document.record?.refusal ?? document.refusal;
  return { kind: document.status ?? "failed", why: refusal ? `cell ${refusal.cell}: ${refusal.reason}` : `exit ${code}` };
}

const work = await mkdtemp(join(tmpdir(), "iapp-corpus-"));
await cp(source, work, { recursive: true });
await mkdir(join(work, ".iapp"), { recursive: true });
const list = values.list ? (await readFile(values.list, "utf8")).split("\n").filter((line) => line.trim() !== "") : await notebooks(source);
const results = [];
for (const notebook of list) {
  const start = Date.now();
  if (values.evaluate) await seed(join(work, notebook));
  const result = await train(join(work, notebook), work);
  const { kind, why: trained } = outcome(result);
  const said = [];
  if (kind === "verified" && values.deploy) said.push(await deploy(join(work, notebook), work, result.document));
  else if (kind === "verified" && values.evaluate) said.push(await evaluate(join(work, notebook), result.document));
  const why = [...said, trained].join("; ");
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  const environment = result.document?.record?.packages ?? {};
  results.push({ notebook, kind, why, seconds, environment });
  process.stdout.write(`${kind.padEnd(10)} ${seconds.padStart(6)} s  ${notebook}  ${why.replace(/\s+/g, " ").slice(0, 220)}\n`);
  if (values.out) await writeFile(values.out, JSON.stringify(results, null, 1));
}
const totals = {};
for (const { kind } of results) totals[kind] = (totals[kind] ?? 0) + 1;
process.stdout.write(`${Object.entries(totals).map(([kind, n]) => `${n} ${kind}`).join(", ")} of ${results.length}\n`);
if (!values.keep) await rm(work, { recursive: true, force: true });
else process.stdout.write(`kept: ${work}\n`);
