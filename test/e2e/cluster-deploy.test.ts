import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClusterSpace, hasCluster, registry } from "../helpers/cluster-app.js";
import { limitedAccount, packageCache, roleDocument } from "../helpers/cluster-project.js";
import { notebookText } from "../helpers/notebook-file.js";
import { type Ran, run } from "../helpers/run.js";

// The command line as people use it: a real notebook, its image, a namespace in which only the printed rights are given.
const bin = resolve(import.meta.dirname, "../../bin/iapp.js");

const CELLS = [
  "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
  "df = pd.read_csv('d.csv')\ndf['a'] = df['a'].fillna(df['a'].median())",
  "X = df[['a', 'b']]\nm = LinearRegression().fit(X, df['y'])\npred = m.predict(X)\nprint(pred[:3])",
];

describe.skipIf(!hasCluster)("iapp on a cluster", () => {
  let space: ClusterSpace;
  let root: string;
  let project: string;

  const env = (): Record<string, string> => ({
    XDG_CACHE_HOME: join(root, "cache"),
    XDG_CONFIG_HOME: join(root, "config"),
    UV_CACHE_DIR: packageCache(root),
    KUBECONFIG: join(root, "kubeconfig"),
  });
  const iapp = (...args: string[]): Promise<Ran> => run(process.execPath, [bin, ...args], project, env());
  async function json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await iapp(...args, "--json", "--yes");
    expect(code, stderr + stdout).toBe(0);
    return JSON.parse(stdout) as T;
  }

  beforeAll(async () => {
    space = await ClusterSpace.create({ "pod-security.kubernetes.io/enforce": "restricted" });
    root = await mkdtemp(join(tmpdir(), "iapp-kube-"));
    project = join(root, "project");
    await mkdir(join(project, ".iapp"), { recursive: true });
    await writeFile(join(project, "nb.ipynb"), notebookText(CELLS));
    const rows = Array.from(
      { length: 120 },
      (_, i) => `${i % 7 === 0 ? "" : (i * 37) % 100},${i % 10},${(i * 7) % 13}`,
    );
    await writeFile(join(project, "d.csv"), `a,b,y\n${rows.join("\n")}\n`);
    await cp(process.env.IAPP_TEST_KUBECONFIG!, join(root, "kubeconfig"));
  }, 300_000);
  afterAll(async () => {
    await space?.remove();
    await rm(root, { recursive: true, force: true });
  });

  it("adds, checks and chooses targets", async () => {
    const place = `${registry}/${space.namespace}`;
    const base = `${registry}/iapp/python:3.11`;
    const common = ["--namespace", space.namespace, "--registry", place, "--base", base, "--tool-base", base].concat([
      "--registry-for-pods",
      `registry.kube-system:5000/${space.namespace}`,
    ]);
    await json("target", "add", "admin", ...common);
    const { stdout: role } = await iapp("target", "check", "admin", "--role");
    await space.api.call({
      method: "PATCH",
      path: space.api.path({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", name: "iapp" }),
      query: { fieldManager: "test" },
      type: "application/apply-patch+yaml",
      body: await roleDocument(role),
    });
    await limitedAccount(space, join(root, "kubeconfig"), join(root, "limited"));
    await json("target", "add", "limited", "--kubeconfig", join(root, "limited"), ...common);
    const check = await json<{ ok: boolean; findings: { check: string; level: string }[] }>(
      "target",
      "check",
      "limited",
    );
    expect(check.findings.filter(({ level }) => level === "fail")).toEqual([]);
    expect(check.ok).toBe(true);
    await json("target", "use", "limited");
    const { targets } = await json<{ targets: { name: string; chosen: boolean }[] }>("target", "list");
    expect(targets.map(({ name, chosen }) => [name, chosen])).toEqual([
      ["admin", false],
      ["limited", true],
    ]);
    const { code, stdout } = await iapp("deploy", "nb.ipynb", "--target", "limitd", "--json");
    expect([code, JSON.parse(stdout).error.remedy]).toEqual([2, "Did you mean limited?"]);
  }, 120_000);

  it("deploys with exactly the printed rights, answers as this machine does, and changes nothing the second time", async () => {
    const first = await json<{ changed: boolean; version: string }>("deploy", "nb.ipynb", "--replicas", "1");
    expect([first.changed, first.version]).toEqual([true, "v1"]);
    // What is rendered without asking the cluster is what was made.
    const rendered = await iapp("render", "--replicas", "1");
    await writeFile(join(root, "rendered.yaml"), rendered.stdout);
    const diff = [
      "diff",
      "--server-side",
      "--field-manager=iapp",
      "-n",
      space.namespace,
      "-f",
      join(root, "rendered.yaml"),
    ];
    const compared = await run("kubectl", diff, root, { KUBECONFIG: join(root, "kubeconfig") });
    expect([compared.code, compared.stdout], compared.stderr).toEqual([0, ""]);
    await json("deploy", "nb.ipynb", "--target", "local", "--name", "here");
    const rows = join(project, "rows.csv");
    await cp(join(project, "d.csv"), rows);
    const there = await iapp("predict", "-i", rows, "-o", join(root, "there.csv"));
    const here = await iapp("predict", "here", "-i", rows, "-o", join(root, "here.csv"), "--target", "local");
    expect([there.code, here.code], there.stderr).toEqual([0, 0]);
    expect(await readFile(join(root, "there.csv"), "utf8")).toBe(await readFile(join(root, "here.csv"), "utf8"));
    await json("delete", "here", "--target", "local");
    const before = await space.contents();
    expect(await json("deploy", "nb.ipynb")).toMatchObject({ changed: false, version: "v1" });
    expect(await space.contents()).toEqual(before);
  }, 400_000);

  it("sees nothing of another namespace with the rights of one", async () => {
    const other = await ClusterSpace.create();
    const file = join(root, "limited");
    await json(
      "target",
      "add",
      "other",
      "--kubeconfig",
      file,
      "--namespace",
      other.namespace,
      "--registry",
      `${registry}/x`,
    );
    for (const args of [["status"], ["logs", "nb"], ["predict", "nb", "--example"], ["delete", "nb", "--yes"]]) {
      const { code, stdout } = await iapp(...args, "--target", "other", "--json");
      expect([code, JSON.parse(stdout).error.message]).toEqual([1, expect.stringContaining("is forbidden")]);
    }
    await json("target", "remove", "other");
    await other.remove();
  }, 60_000);

  it("shows status and logs", async () => {
    const status = await json<{ apps: { name: string; phase: string }[] }>("status");
    expect(status.apps).toMatchObject([{ name: "nb", phase: "ready", target: "limited" }]);
    const { stdout } = await iapp("logs", "nb", "--json");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { component: string; version?: string; message: string; time: string });
    expect(lines.filter(({ component }) => component === "router").length).toBeGreaterThan(0);
    expect(
      lines.filter(({ component, version }) => component === "scoring" && version === "v1").length,
    ).toBeGreaterThan(0);
    expect(lines.map(({ time }) => time)).toEqual(lines.map(({ time }) => time).sort());
  }, 60_000);

  it("rolls out another version, and back", async () => {
    await writeFile(
      join(project, "nb.ipynb"),
      notebookText([...CELLS.slice(0, 2), CELLS[2]!.replace("['a', 'b']", "['b', 'a']")]),
    );
    const stages = ["--stage", "50,1s", "--bake", "1s", "--accept-unproven"];
    expect(await json("rollout", "nb.ipynb", ...stages)).toMatchObject({ phase: "promoted", from: "v1", to: "v2" });
    expect(await json("rollback")).toMatchObject({ from: "v2", to: "v1" });
    const { stdout } = await iapp("rollout", "history");
    expect(stdout).toMatch(/v1 +v2 +promoted/);
  }, 300_000);

  it("trains in a job there, tells a refusal as here, and goes on with a job that has ended", async () => {
    const there = ["deploy", "nb.ipynb", "--name", "there", "--train-on", "cluster", "--replicas", "1"];
    const first = await json<{ bundle: { digest: string } }>(...there);
    const here = await json<{ bundle: { digest: string } }>("train", "nb.ipynb", "--name", "there", "--force");
    expect(first.bundle.digest).toBe(here.bundle.digest);
    const before = await space.contents();
    expect(await json(...there)).toMatchObject({ changed: false, bundle: { digest: first.bundle.digest } });
    expect(await space.contents()).toEqual(before);
    const ranked = CELLS.map((cell) => cell.replace("df['a'].fillna(df['a'].median())", "df['a'].rank()"));
    await writeFile(join(project, "bad.ipynb"), notebookText(ranked));
    const refused = await iapp("deploy", "bad.ipynb", "--train-on", "cluster", "--json");
    const locally = await iapp("train", "bad.ipynb", "--json");
    expect(refused.code, refused.stdout).toBe(2);
    const { error } = JSON.parse(refused.stdout) as { error: { code: string; where: string } };
    const { record } = JSON.parse(locally.stdout) as {
      record: { refusal: { code: string; cell: number; line: number } };
    };
    const { code, cell, line } = record.refusal;
    expect([error.code, error.where]).toEqual([code, `cell ${cell}, line ${line}`]);
    for (const name of ["there", "bad"]) await json("delete", name);
  }, 400_000);

  it("goes on where a killed command has stopped, and leaves no orphan", async () => {
    for (const after of [3000, 5500, 8000]) {
      await writeFile(join(project, "nb.ipynb"), notebookText([...CELLS, `note = ${after}`]));
      const args = [bin, "deploy", "nb.ipynb", "--replicas", "1"];
      const child = spawn(process.execPath, args, { cwd: project, env: { ...process.env, ...env() }, stdio: "ignore" });
      await new Promise((done) => setTimeout(done, after));
      child.kill("SIGKILL");
    }
    // A holder that was killed loses its lease after half a minute.
    await expect
      .poll(async () => (await iapp("deploy", "nb.ipynb", "--replicas", "1")).code, {
        timeout: 200_000,
        interval: 5000,
      })
      .toBe(0);
    const status = await json<{ versions: { name: string; weight: number }[] }>("status", "nb");
    expect(status.versions.map(({ weight }) => weight)).toEqual([1000]);
    const current = status.versions[0]!.name;
    const deployments = (await space.contents()).filter((line) => line.startsWith("Deployment "));
    expect(deployments.map((line) => line.split(" ")[1])).toEqual(["nb-router", `nb-${current}`]);
  }, 400_000);

  it("deletes everything", async () => {
    const plan = await json<{ removed: boolean; objects: object[] }>("delete", "nb", "--dry-run");
    expect(plan.removed).toBe(false);
    await json("delete", "nb");
    await expect
      .poll(async () => (await space.contents()).filter((line) => !/ (iapp|limited)( |$)/.test(line)), {
        timeout: 30_000,
      })
      .toEqual([]);
  }, 120_000);
});
