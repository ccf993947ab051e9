import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildResult } from "../../src/actions/build/index.js";
import { emptyImage } from "../../src/image/image.js";
import { writeLayout } from "../../src/image/layout.js";
import { Namespace, strictPod } from "../helpers/cluster.js";
import { type Ran, run } from "../helpers/run.js";

// Real packages, a real registry where there is one, and tools that are not ours to read and run what was built.
const bin = resolve(import.meta.dirname, "../../bin/iapp.js");
const registry = process.env.IAPP_TEST_REGISTRY;
const cluster = process.env.IAPP_TEST_KUBECONFIG;
const has = (program: string, ...asked: string[]): boolean => {
  try {
    execFileSync(program, asked.length > 0 ? asked : ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

const inContainers = registry !== undefined && cluster !== undefined && has("kubectl", "version", "--client");

let root: string;
let project: string;
let base: string;
let first: BuildResult;

const iapp = (args: string[], cwd = project, env: Record<string, string> = {}): Promise<Ran> =>
  run(process.execPath, [bin, ...args], cwd, {
    XDG_CACHE_HOME: join(root, "cache"),
    UV_CACHE_DIR: join(root, "uv"),
    ...env,
  });

async function build(args: string[], cwd = project, env: Record<string, string> = {}): Promise<BuildResult> {
  const { code, stdout, stderr } = await iapp(["build", "--base", base, "--json", ...args], cwd, env);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as BuildResult;
}

const CELLS = [
  "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
  "df = pd.read_csv('d.csv')\ndf['a'] = df['a'].fillna(df['a'].median())",
  "X = df[['a', 'b']]\nm = LogisticRegression().fit(X, df['y'])\npred = m.predict(X)\nprint(pred[:3])",
];
const SECRET = "s3cret-9f27c1d0-value";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "iapp-image-"));
  project = join(root, "project");
  await mkdir(join(project, ".iapp"), { recursive: true });
  const cells = CELLS.map((source, i) => ({
    cell_type: "code",
    id: `c${i}`,
    metadata: {},
    execution_count: i + 1,
    source,
    outputs: i === 0 ? [{ output_type: "stream", name: "stdout", text: `token ${SECRET}` }] : [],
  }));
  const metadata = { kernelspec: { name: "python3", language: "python", display_name: "Python 3" } };
  await writeFile(join(project, "nb.ipynb"), JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }));
  const rows = Array.from(
    { length: 120 },
    (_, i) => `${i % 7 === 0 ? "" : (i * 37) % 100},${i % 10},${(i * 7) % 3 === 0 ? 1 : 0}`,
  );
  await writeFile(join(project, "d.csv"), `a,b,y\n${rows.join("\n")}\n`);
  await writeFile(join(project, ".env"), `API_KEY=${SECRET}\n`);
  await writeFile(join(project, "id_rsa"), `-----BEGIN OPENSSH PRIVATE KEY-----\n${SECRET}\n`);
  const trained = await iapp(["train", "nb.ipynb", "--json", "--yes"], project, { API_KEY: SECRET });
  expect(trained.code, trained.stderr).toBe(0);
  if (registry === undefined) {
    await writeLayout(join(root, "base"), emptyImage({ os: "linux", architecture: "amd64" }), "empty");
    base = `oci:${join(root, "base")}:empty`;
  } else base = `${registry}/iapp/python:3.11`;
  first = await build(["--output", `oci:${join(root, "layout")}`, "--dockerfile", join(root, "context")]);
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe("iapp build", () => {
  it("gives the digest as the last line, and does the same again from what it has", async () => {
    const { code, stdout } = await iapp(["build", "--base", base]);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(first.digest);
    expect(first.layers.filter((layer) => !layer.base).map(({ note }) => note)).toEqual([
      expect.stringMatching(/^\d+ Python packages$/),
      "iapp's runtime",
      expect.stringMatching(/^bundle [0-9a-f]{12}$/),
    ]);
  });

  it("gives the same digest elsewhere: other folder, caches, umask, time zone, file times, and another Node", async () => {
    const elsewhere = join(root, "other place");
    await mkdir(join(elsewhere, ".iapp"), { recursive: true });
    await cp(join(project, ".iapp", "bundles"), join(elsewhere, ".iapp", "bundles"), { recursive: true });
    for (const name of await readdir(elsewhere, { recursive: true })) await utimes(join(elsewhere, name), 1e9, 1e9);
    const node = await otherNode();
    const env = { XDG_CACHE_HOME: join(root, "cache2"), HOME: join(root, "home"), TZ: "Pacific/Auckland" };
    await mkdir(env.HOME);
    const line = `umask 077; exec "$0" "$@"`;
    const args = ["-c", line, node, bin, "build", "--base", base, "--output", `oci:${join(root, "second")}`, "--json"];
    const { code, stdout, stderr } = await run("sh", args, elsewhere, { ...env, UV_CACHE_DIR: join(root, "uv") });
    expect(code, stderr).toBe(0);
    expect((JSON.parse(stdout) as BuildResult).digest).toBe(first.digest);
  });

  it("keeps secrets of the project out of layers, labels, documents and the build context", async () => {
    const found = await run("grep", ["-rl", SECRET, join(root, "context"), join(root, "layout")], root);
    expect(found.stdout).toBe("");
    // Layers are packed: look inside.
    for (const { digest } of first.layers) {
      const blob = join(root, "layout", "blobs", "sha256", digest.slice(7));
      const { stdout } = await run("sh", ["-c", 'gzip -dc "$1" | grep -c "$2"', "sh", blob, SECRET], root);
      expect(stdout.trim()).toBe("0");
    }
  });

  it("describes itself: bill of materials and provenance belong to the image", async () => {
    const index = JSON.parse(await readFile(join(root, "layout", "index.json"), "utf8"));
    const types = index.manifests.map((entry: { artifactType?: string }) => entry.artifactType).filter(Boolean);
    expect(types.sort()).toEqual(["application/vnd.cyclonedx+json", "application/vnd.in-toto+json"]);
    const entry = index.manifests.find((one: { artifactType?: string }) => one.artifactType?.includes("cyclonedx"));
    const blob = async (digest: string) =>
      JSON.parse(await readFile(join(root, "layout/blobs/sha256", digest.slice(7)), "utf8"));
    const manifest = await blob(entry.digest);
    expect(manifest.subject.digest).toBe(first.digest);
    const sbom = await blob(manifest.layers[0].digest);
    const names = sbom.components.map(({ name }: { name: string }) => name);
    expect(names).toContain("scikit-learn");
    expect(names).not.toContain("ipykernel");
  });

  it("lists and explains what was built", async () => {
    const list = JSON.parse((await iapp(["images", "list", "--json"])).stdout);
    expect(list.images.map(({ digest }: { digest: string }) => digest)).toContain(first.digest);
    const view = JSON.parse((await iapp(["images", "inspect", first.digest.slice(7, 19), "--json"])).stdout);
    const packages = view.layers.find(({ note }: { note: string }) => note.endsWith("Python packages"));
    expect(packages.contents.parts.map(({ path }: { path: string }) => path)).toContain("opt/iapp/lib/sklearn");
  });

  it.skipIf(!has("skopeo") || !has("umoci"))("is read by skopeo and unpacked by umoci", async () => {
    const tag = first.delivered[0]!.where.split(":").at(-1)!;
    const seen = await run("skopeo", ["inspect", "--config", `oci:${join(root, "layout")}:${tag}`], root);
    expect(seen.code, seen.stderr).toBe(0);
    const { config } = JSON.parse(seen.stdout);
    expect(config).toMatchObject({ User: "65532:65532", StopSignal: "SIGTERM", ExposedPorts: { "8080/tcp": {} } });
    const out = join(root, "unpacked");
    const unpacked = await run(
      "umoci",
      ["unpack", "--rootless", "--image", `${join(root, "layout")}:${tag}`, out],
      root,
    );
    expect(unpacked.code, unpacked.stderr).toBe(0);
    const lib = await readdir(join(out, "rootfs/opt/iapp/lib"));
    expect(lib).toContain("sklearn");
    expect(lib).not.toContain("bin");
    expect(await readdir(join(out, "rootfs/opt/iapp/lib/sklearn/__pycache__"))).not.toHaveLength(0);
    expect(await readdir(join(out, "rootfs/opt/iapp/runtime/iapp_runtime"))).not.toContain("train");
  });

  it.skipIf(registry === undefined)("pushes only what the registry lacks", async () => {
    const repository = `${registry}/test/image-${process.pid}`;
    const pushed = await build(["--push", "--repository", repository]);
    expect(pushed.digest).toBe(first.digest);
    expect(pushed.reference).toBe(`${repository}@${first.digest}`);
    const again = await build(["--push", "--repository", repository]);
    expect(again.delivered[0]).toMatchObject({ sent_bytes: 0, blobs: { sent: 0 } });
    const seen = await run("skopeo", ["inspect", "--tls-verify=false", `docker://${pushed.reference}`], root);
    if (has("skopeo")) expect(JSON.parse(seen.stdout).Digest).toBe(first.digest);
  });

  it.skipIf(!inContainers)("runs as nobody on a read-only file system and answers as the notebook did", async () => {
    const { reference } = await build(["--push", "--repository", `${registry}/test/image-${process.pid}`]);
    const readinessProbe = { httpGet: { path: "/readyz", port: 8080 }, periodSeconds: 1 };
    await inCluster("score", async (namespace) => {
      await namespace.start(strictPod("score", { image: reference!, readinessProbe }));
      const ready = await namespace.kubectl("wait", "--for=condition=Ready", "pod/score", "--timeout=180s");
      expect(ready.code, ready.stderr + (await namespace.kubectl("describe", "pod", "score")).stdout).toBe(0);
      const ip = (await namespace.kubectl("get", "pod", "score", "-o", "jsonpath={.status.podIP}")).stdout;
      const dir = join(project, ".iapp", "bundles", first.bundle!);
      const examples = JSON.parse(await readFile(join(dir, "examples.json"), "utf8"));
      const answer = await fetch(`http://${ip}:8080/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ rows: examples.rows }),
      });
      const body = (await answer.json()) as { predictions: unknown[] };
      expect(body.predictions).toEqual(examples.predictions);
    });
  });

  it("refuses to put secrets of the project into a training image, and names them", async () => {
    const args = ["build", "nb.ipynb", "--kind", "training", "--base", base];
    const { code, stderr } = await iapp(args);
    expect(code).toBe(2);
    expect(stderr).toContain("nothing was built: 2 files of the project look like secrets");
    expect(stderr).toContain(".env: environment settings");
    expect(stderr).toContain("id_rsa: a private key");
    expect(stderr).not.toContain(SECRET);
    const small = await iapp([...args, "--allow-secrets", "--max-size", "0.0001"]);
    expect(small).toMatchObject({ code: 2, stderr: expect.stringContaining("may go into the image") });
  });

  it.skipIf(!inContainers)("trains in a container without a network, and makes the very same bundle", async () => {
    await writeFile(join(project, ".iappignore"), ".env\nid_rsa\n");
    const repository = `${registry}/test/train-${process.pid}`;
    const { reference } = await build(["nb.ipynb", "--kind", "training", "--push", "--repository", repository]);
    await inCluster("train", async (namespace) => {
      await namespace.start(strictPod("train", { image: reference!, args: ["--json"] }, ["workspace", "tmp"]));
      const { ok, logs } = await namespace.ended("train", 240);
      expect(ok, logs).toBe(true);
      expect(logs).toContain(`"digest": "${first.bundle}"`);
    });
  });

  it.skipIf(!inContainers)("puts itself into an image that can do what it can", async () => {
    const repository = `${registry}/test/tool-${process.pid}`;
    const { reference } = await build(["--kind", "tool", "--push", "--repository", repository]);
    const lines =
      "set -e\ncd /workspace\niapp --version\niapp init churn --template churn --yes\niapp check churn/churn.ipynb";
    const tool = lines.replaceAll("iapp ", "node /opt/iapp/cli/bin/iapp.js ");
    await inCluster("tool", async (namespace) => {
      await namespace.start(
        strictPod("tool", { image: reference!, command: ["sh", "-c", tool] }, ["workspace", "tmp"]),
      );
      const { ok, logs } = await namespace.ended("tool", 120);
      expect(ok, logs).toBe(true);
      expect(logs).toContain("RandomForestClassifier");
    });
  });

  it("refuses what it cannot build, in one sentence", async () => {
    const cases: [string[], string][] = [
      [["build", "--push", "--base", base], "it is not said where to push the image"],
      [["build", "--output", "here", "--base", base], '"here" is not a place for an image'],
      [["build", "--repository", "Registry.example/Team", "--push", "--base", base], "is not a repository name"],
      [["build", "ffffff", "--base", base], "there is no bundle ffffff"],
      [["build", "--base", "127.0.0.1:1/none:1"], "cannot be reached"],
      [["build", "--platform", "linux/arm64", "--base", base], "linux/arm64"],
    ];
    for (const [args, words] of cases) {
      const { code, stderr } = await iapp(args);
      expect(code, args.join(" ")).not.toBe(0);
      expect(stderr).toContain(words);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });
});

async function inCluster(name: string, act: (namespace: Namespace) => Promise<void>): Promise<void> {
  const namespace = new Namespace(`iapp-${name}-${process.pid}`, cluster!, root);
  try {
    await act(namespace);
  } finally {
    await namespace.remove();
  }
}

/** A Node of another major version, from the package index; this one where there is none. */
async function otherNode(): Promise<string> {
  const version = process.version.startsWith("v20.") ? "22.22.0" : "20.20.2";
  const folder = join(root, "node");
  await mkdir(folder);
  const { code } = await run(
    "npm",
    ["install", "--silent", "--no-save", "--prefix", folder, `node@${version}`],
    folder,
  );
  return code === 0 ? join(folder, "node_modules/node/bin/node") : process.execPath;
}
