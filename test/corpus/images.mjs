// For each notebook of a list: builds its training image unedited, and imports in a container everything that the notebook imports.
//   node test/corpus/images.mjs FOLDER LIST REGISTRY [--base IMAGE] [--python 3.11] [--kubeconfig FILE]
// A cluster that can pull from the registry runs the containers (kubectl). Prints a line each: packages, where pins came from, failures.
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { base: { type: "string" }, kubeconfig: { type: "string" }, bin: { type: "string" }, python: { type: "string" } },
});
const [folder, listFile, registry] = positionals;
if (registry === undefined) {
  process.stderr.write("usage: node test/corpus/images.mjs FOLDER LIST REGISTRY [--base IMAGE] [--kubeconfig FILE]\n");
  process.exit(2);
}
const bin = values.bin ?? resolve(import.meta.dirname, "../../bin/iapp.js");

function run(program, args, options = {}) {
  return new Promise((done) => {
    execFile(program, args, { maxBuffer: 1 << 26, timeout: 900_000, ...options }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : 1, stdout, stderr }),
    );
  });
}
const kubectl = (...args) =>
  run("kubectl", args, values.kubeconfig ? { env: { ...process.env, KUBECONFIG: values.kubeconfig } } : {});

/** Runs in the container: every import line of the notebook's code cells, one by one. */
const PROBE = `
import json, re, sys
cells = json.load(open(sys.argv[1])).get("cells", [])
lines = [l.strip() for c in cells if c["cell_type"] == "code" for l in "".join(c["source"]).split("\\n")]
lines = sorted({l.split("#")[0].strip() for l in lines if re.match(r"(import|from)\\s+\\w", l)})
bad = []
for line in lines:
    try:
        exec(line, {})
    except SyntaxError:
        pass
    except Exception as error:
        bad.append(f"{line}: {type(error).__name__}: {error}")
print(json.dumps({"imports": len(lines), "bad": bad}))
`;

const work = await mkdtemp(join(tmpdir(), "iapp-images-"));
const namespace = `iapp-images-${process.pid}`;
await kubectl("create", "namespace", namespace);
let right = 0;
let number = 0;
const list = (await readFile(listFile, "utf8")).split("\n").filter(Boolean);
try {
  for (const path of list) {
    number += 1;
    const name = `n${number}`;
    const project = join(work, name);
    await cp(join(resolve(folder), dirname(path)), project, { recursive: true });
    const args = ["build", basename(path), "--kind", "training", "--push", "--repository", `${registry}/images/${name}`];
    const python = values.python ? ["--python", values.python] : [];
    const more = [...python, ...(values.base ? ["--base", values.base] : []), "--allow-secrets", "--max-size", "2000", "--json"];
    const built = await run(process.execPath, [bin, ...args, ...more], { cwd: project });
    let said = `build failed: ${built.stdout.slice(0, 300)}${built.stderr.trim().split("\n").at(-1)}`;
    if (built.code === 0) {
      const { reference, layers, seconds } = JSON.parse(built.stdout);
      const container = {
        name,
        image: reference,
        command: ["python3", "-c", PROBE, `/opt/iapp/project/${basename(path)}`],
        env: [{ name: "PYTHONPATH", value: "/opt/iapp/lib" }, { name: "MPLCONFIGDIR", value: "/tmp" }],
      };
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { restartPolicy: "Never", containers: [container] } };
      await writeFile(join(work, "pod.json"), JSON.stringify(pod));
      await kubectl("apply", "-n", namespace, "-f", join(work, "pod.json"));
      await kubectl("wait", "-n", namespace, "--for=jsonpath={.status.phase}=Succeeded", `pod/${name}`, "--timeout=180s");
      const logs = (await kubectl("logs", "-n", namespace, name)).stdout;
      await kubectl("delete", "pod", "-n", namespace, name, "--wait=false");
      const found = JSON.parse(logs.trim().split("\n").at(-1) || '{"imports":0,"bad":["no answer"]}');
      const packages = layers.find(({ note }) => note.endsWith("Python packages"))?.note;
      if (found.bad.length === 0) right += 1;
      said = `${packages}, ${found.imports} imports, ${found.bad.length === 0 ? "all right" : found.bad.join("; ")} (${seconds.toFixed(0)} s)`;
    }
    process.stdout.write(`${path}: ${said}\n`);
    await rm(project, { recursive: true, force: true });
  }
} finally {
  await kubectl("delete", "namespace", namespace, "--wait=false");
  await rm(work, { recursive: true, force: true });
}
process.stdout.write(`${right} of ${list.length} right\n`);
