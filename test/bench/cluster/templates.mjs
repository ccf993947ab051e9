// Each template to a test cluster, from an empty namespace: seconds from the command to the answer, by phase, with nothing cached (no image on
// the node or in the registry, no environment, no layer) and again after `iapp delete` with everything cached. Ends with an error where the
// cluster answers one row of the training data otherwise than this machine.
//   IAPP_TEST_KUBECONFIG=... IAPP_TEST_REGISTRY=localhost:5000 node test/bench/cluster/templates.mjs [TEMPLATE ...]
// `IAPP_TEST_REGISTRY_FOR_PODS` where pods know the registry by another name; images are taken off the node by `testbed-ctr` where that is there.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const { IAPP_TEST_KUBECONFIG: kubeconfig, IAPP_TEST_REGISTRY: registry } = process.env;
const inPods = process.env.IAPP_TEST_REGISTRY_FOR_PODS ?? "registry.kube-system:5000";
if (kubeconfig === undefined || registry === undefined) {
  process.stderr.write("set IAPP_TEST_KUBECONFIG and IAPP_TEST_REGISTRY\n");
  process.exit(2);
}
const root = resolve(import.meta.dirname, "../../..");
const run = promisify(execFile);
/** Runs iapp; resolves with the document that it prints, and how long it took in all. */
async function iapp(args, cwd, env) {
  const began = performance.now();
  const all = [join(root, "bin/iapp.js"), ...args, "--json", "--yes"];
  const { stdout } = await run(process.execPath, all, { cwd, env, maxBuffer: 1 << 26 });
  return { ...JSON.parse(stdout), total: (performance.now() - began) / 1000 };
}

async function emptyNode() {
  try {
    const { stdout } = await run("testbed-ctr", ["images", "ls", "-q"]);
    const own = stdout.split("\n").filter((name) => name.startsWith(registry));
    if (own.length > 0) await run("testbed-ctr", ["images", "rm", "--sync", ...own]);
    return "";
  } catch {
    return " (images may lie on the node)";
  }
}

const show = ({ total, seconds }) =>
  `${total.toFixed(1).padStart(6)} s  ${Object.entries(seconds)
    .map(([phase, of]) => `${phase} ${of.toFixed(1)}`)
    .join(", ")}`;

/** Predicts a table; rows that the notebook leaves out are refused, and are taken out of the file before it is tried again. */
async function taken(file, predict) {
  try {
    await predict(file);
  } catch (error) {
    const refused = new Set([...`${error.stdout}`.matchAll(/line (\d+), /g)].map(([, number]) => Number(number)));
    if (refused.size === 0) throw error;
    const lines = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, lines.filter((_, i) => !refused.has(i + 1)).join("\n"));
    // A table goes in parts: those of the next part are refused then.
    await taken(file, predict);
  }
}

async function template(name) {
  const work = await mkdtemp(join(tmpdir(), "iapp-bench-"));
  const namespace = `iapp-bench-${process.pid}-${name}`;
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    XDG_CACHE_HOME: join(work, "cache"),
    XDG_CONFIG_HOME: join(work, "config"),
    UV_CACHE_DIR: join(work, "uv"),
    UV_LINK_MODE: "copy",
  };
  const here = (...args) => iapp(args, join(work, name), env);
  try {
    await run("kubectl", ["create", "namespace", namespace], { env });
    await iapp(["init", name, "--template", name], work, env);
    const base = `${registry}/iapp/python:3.11`;
    const place = ["--registry", `${registry}/${namespace}`, "--registry-for-pods", `${inPods}/${namespace}`];
    const target = ["target", "add", "bench", "--namespace", namespace, ...place, "--base", base, "--tool-base", base];
    await here(...target);
    const where = await emptyNode();
    const deploy = ["deploy", `${name}.ipynb`, "--target", "bench"];
    const cold = await here(...deploy);
    process.stdout.write(`${name.padEnd(13)} nothing cached ${show(cold)}${where}\n`);
    await here("deploy", `${name}.ipynb`, "--target", "local", "--name", "here");
    const data = (await readdir(join(work, name))).find((file) => file.endsWith(".csv"));
    await taken(join(work, name, data), (file) => here("predict", "here", "-i", file, "-o", "here.csv", "--target", "local"));
    await here("predict", name, "-i", data, "-o", "there.csv", "--target", "bench");
    const [there, own] = await Promise.all(["there.csv", "here.csv"].map((file) => readFile(join(work, name, file), "utf8")));
    if (there !== own) throw new Error(`${name}: the cluster answers otherwise than this machine`);
    process.stdout.write(`${name.padEnd(13)} ${own.trimEnd().split("\n").length - 1} rows answered as here, to the last digit\n`);
    await here("delete", "here", "--target", "local");
    await here("delete", name, "--target", "bench");
    process.stdout.write(`${name.padEnd(13)} all cached     ${show(await here(...deploy))}\n`);
    await here("delete", name, "--target", "bench");
  } finally {
    await here("delete", "here", "--target", "local").catch(() => undefined);
    await run("kubectl", ["delete", "namespace", namespace, "--wait=false"], { env }).catch(() => undefined);
    await rm(work, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : await readdir(join(root, "templates"))) await template(name);
