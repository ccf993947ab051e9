// Each template to a test cluster, from an empty namespace: seconds from the command to the answer, by phase, with nothing cached (no image on
// the node or in the registry, no environment, no layer) and again after `iapp delete` with everything cached. Ends with an error where the
// cluster answers one row of the training data otherwise than this machine.
//   IAPP_TEST_KUBECONFIG=... IAPP_TEST_REGISTRY=localhost:5000 node test/bench/cluster/templates.mjs [TEMPLATE ...]
// `IAPP_TEST_REGISTRY_FOR_PODS` where pods know the registry by another name; images are taken off the node by `testbed-ctr` where that is there.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
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
/** Each phase goes on until a line of the next one is shown. */
const PHASES = [
  ["environment", /./],
  ["run", /^starting the kernel/],
  ["proof", /^cutting the scoring part/],
  ["image", /layer|image|pushing|base/],
  ["cluster", /^starting v\d/],
  ["example", /^asking v\d/],
];

/** Runs iapp; resolves with its seconds by phase. */
function timed(args, cwd, env) {
  const began = performance.now();
  const marks = [[PHASES[0][0], began]];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(root, "bin/iapp.js"), ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const look = (line) => {
      const at = PHASES.findIndex(([name]) => name === marks.at(-1)[0]);
      const next = PHASES.findIndex(([, pattern], i) => i > at && pattern.test(line));
      if (next >= 0) marks.push([PHASES[next][0], performance.now()]);
    };
    let rest = "";
    child.stderr.setEncoding("utf8").on("data", (piece) => {
      text += piece;
      const lines = (rest + piece).split("\n");
      rest = lines.pop();
      lines.forEach(look);
    });
    child.stdout.resume();
    child.on("close", (code) => {
      if (code !== 0) return fail(new Error(`iapp ${args.join(" ")} ended with ${code}\n${text}`));
      const end = performance.now();
      const phases = marks.map(([name, at], i) => [name, ((marks[i + 1]?.[1] ?? end) - at) / 1000]);
      done({ total: (end - began) / 1000, phases, text });
    });
  });
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

const show = ({ total, phases }) =>
  `${total.toFixed(1).padStart(6)} s  ${phases.map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`).join(", ")}`;

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
  const iapp = (...args) => timed(args, join(work, name), env);
  try {
    await run("kubectl", ["create", "namespace", namespace], { env });
    await timed(["init", name, "--template", name, "--yes"], work, env);
    const base = `${registry}/iapp/python:3.11`;
    const place = ["--registry", `${registry}/${namespace}`, "--registry-for-pods", `${inPods}/${namespace}`];
    const target = ["target", "add", "bench", "--namespace", namespace, ...place, "--base", base, "--tool-base", base];
    await iapp(...target, "--yes");
    const where = await emptyNode();
    const deploy = ["deploy", `${name}.ipynb`, "--target", "bench", "--yes"];
    const cold = await iapp(...deploy);
    process.stdout.write(`${name.padEnd(13)} nothing cached ${show(cold)}${where}\n`);
    await iapp("deploy", `${name}.ipynb`, "--target", "local", "--name", "here", "--yes");
    const data = (await readdir(join(work, name))).find((file) => file.endsWith(".csv"));
    await iapp("predict", name, "-i", data, "-o", "there.csv", "--target", "bench");
    await iapp("predict", "here", "-i", data, "-o", "here.csv", "--target", "local");
    const [there, here] = await Promise.all(["there.csv", "here.csv"].map((file) => readFile(join(work, name, file), "utf8")));
    if (there !== here) throw new Error(`${name}: the cluster answers otherwise than this machine`);
    process.stdout.write(`${name.padEnd(13)} ${here.trimEnd().split("\n").length - 1} rows answered as here, to the last digit\n`);
    await iapp("delete", "here", "--target", "local", "--yes");
    await iapp("delete", name, "--target", "bench", "--yes");
    process.stdout.write(`${name.padEnd(13)} all cached     ${show(await iapp(...deploy))}\n`);
    await iapp("delete", name, "--target", "bench", "--yes");
  } finally {
    await run("kubectl", ["delete", "namespace", namespace, "--wait=false"], { env }).catch(() => undefined);
    await rm(work, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : await readdir(join(root, "templates"))) await template(name);
