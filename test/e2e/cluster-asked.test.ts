import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCluster } from "../helpers/cluster-app.js";
import { ClusterProject } from "../helpers/cluster-project.js";

// What an app has on a cluster only when somebody asks for it, and what looks into it.
const CELLS = [
  "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
  "df = pd.read_csv('d.csv')",
  "X = df[['a', 'b']]\nm = LinearRegression().fit(X, df['y'])\npred = m.predict(X)\nprint(pred[:3])",
];
const bin = resolve(import.meta.dirname, "../../bin/iapp.js");

describe.skipIf(!hasCluster)("what is asked for on a cluster", () => {
  let project: ClusterProject;

  beforeAll(async () => {
    project = await ClusterProject.create(CELLS);
    const rows = Array.from({ length: 60 }, (_, i) => `${(i * 37) % 100},${i % 10},${(i * 7) % 13}`);
    await writeFile(join(project.folder, "d.csv"), `a,b,y\n${rows.join("\n")}\n`);
  }, 300_000);
  afterAll(() => project?.remove());

  const get = async (kind: string, name: string, path: string): Promise<string> =>
    (await project.kubectl("get", kind, name, "-o", `jsonpath={${path}}`)).stdout;

  it("leaves the number of pods to the load: nothing that iapp applies fights with it", async () => {
    const asked = ["deploy", "nb.ipynb", "--autoscale", "2..4", "--network-policy", "closed"];
    expect(await project.json(asked)).toMatchObject({ changed: true, version: "v1" });
    expect(await get("hpa", "nb-v1", ".spec.minReplicas")).toBe("2");
    expect(await get("deployment", "nb-v1", ".spec.replicas")).toBe("2");
    expect(await get("networkpolicy", "nb-scoring", ".spec.policyTypes")).toBe('["Ingress","Egress"]');
    // As the autoscaler does it: by the scale of the Deployment.
    await project.kubectl("scale", "deployment", "nb-v1", "--replicas=3");
    expect(await project.json(asked)).toMatchObject({ changed: false });
    expect(await get("deployment", "nb-v1", ".spec.replicas")).toBe("3");
    const status = await project.json<{ versions: object[] }>(["status", "nb"]);
    expect(status.versions).toMatchObject([{ autoscale: { min: 2, max: 4, cpu: 70 } }]);
  }, 400_000);

  it("is counted by what its pods measure", async () => {
    // Nobody asks it anything: it falls to its least.
    await expect
      .poll(() => get("hpa", "nb-v1", ".status.currentMetrics[0].resource.current.averageUtilization"), {
        timeout: 90_000,
        interval: 2000,
      })
      .toMatch(/^\d+$/);
    await expect
      .poll(() => get("deployment", "nb-v1", ".spec.replicas"), { timeout: 400_000, interval: 3000 })
      .toBe("2");
    const { versions } = await project.json<{ versions: { autoscale: { problem: string | null } }[] }>([
      "status",
      "nb",
    ]);
    expect(versions[0]!.autoscale.problem).toBeNull();
  }, 500_000);

  it("says what to do where a number is asked for, keeps its bounds over stop and restart, and ends at a word", async () => {
    const refused = await project.iapp("scale", "nb", "3", "--json");
    const { error } = JSON.parse(refused.stdout) as { error: { message: string; remedy: string } };
    expect([refused.code, error.message]).toEqual([2, "the pods of nb are counted by load: 2 to 4 at 70 %"]);
    expect(error.remedy).toContain("iapp scale nb NUMBER --fixed");
    const wider = { from: { min: 2, max: 4, cpu: 70 }, to: { min: 1, max: 5, cpu: 60 } };
    expect(await project.json(["scale", "nb", "1..5", "--cpu-target", "60"])).toMatchObject(wider);
    await project.json(["stop", "nb"]);
    expect(await get("deployment", "nb-v1", ".spec.replicas")).toBe("0");
    await project.json(["restart", "nb"]);
    expect(await get("hpa", "nb-v1", ".spec.maxReplicas")).toBe("5");
    expect(Number(await get("deployment", "nb-v1", ".spec.replicas"))).toBeGreaterThan(0);
    expect(await project.json(["scale", "nb", "1", "--fixed"])).toMatchObject({ to: 1 });
    expect(await get("deployment", "nb-v1", ".spec.replicas")).toBe("1");
    expect((await project.kubectl("get", "hpa", "-o", "name")).stdout).toBe("");
    expect(await project.json(["deploy", "nb.ipynb"])).toMatchObject({ changed: false });
  }, 300_000);

  it("runs a command in a pod: output, errors, input and exit code", async () => {
    const code = "import sys; print(sum(map(int, sys.stdin))); print('oh', file=sys.stderr); sys.exit(7)";
    const ran = await piped(["exec", "nb", "--", "python3", "-c", code], "1\n2\n39\n");
    expect(ran).toEqual({ code: 7, stdout: "42\n", stderr: "oh\n" });
    const big = await piped(["exec", "--", "python3", "-c", "print('x' * 3_000_000)"], "");
    expect([big.code, big.stdout.length]).toEqual([0, 3_000_001]);
    const router = await piped(["exec", "nb", "-c", "router", "--", "node", "-p", "process.env.HOME"], "");
    expect(router.stdout).toBe("/workspace\n");
    const nothing = await piped(["exec", "nb", "--", "no-such-program"], "");
    expect(nothing.code).not.toBe(0);
    expect(nothing.stderr).toContain("no-such-program");
    expect((await piped(["exec", "nb", "--version", "v9", "--", "ls"], "")).stderr).toContain("nb has no version v9");
  }, 120_000);

  it("shows an app that others have applied, and says that it is theirs", async () => {
    const { stdout } = await project.iapp("render", "--name", "theirs", "--replicas", "1");
    await writeFile(join(project.root, "theirs.yaml"), stdout);
    const apply = await project.kubectl("apply", "--server-side", "-f", join(project.root, "theirs.yaml"));
    expect(apply.code, apply.stderr).toBe(0);
    const phase = async () => JSON.parse((await project.iapp("status", "theirs", "--json")).stdout) as object;
    await expect
      .poll(phase, { timeout: 60_000, interval: 1000 })
      .toMatchObject({ phase: "ready", applied: true, versions: [{ name: "v1", weight: 1000, ready: 1 }] });
    const { apps } = await project.json<{ apps: { name: string; applied: boolean }[] }>(["status"]);
    expect(apps.map(({ name, applied }) => [name, applied])).toEqual([
      ["nb", false],
      ["theirs", true],
    ]);
    expect((await project.iapp("logs", "theirs")).stdout).toContain("router");
    const refused = await project.iapp("scale", "theirs", "2", "--json");
    expect([refused.code, JSON.parse(refused.stdout).error.message]).toEqual([
      2,
      "theirs on prod was applied from rendered files, not deployed",
    ]);
  }, 120_000);

  /** With input that ends. */
  function piped(args: string[], input: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return new Promise((done) => {
      const env = { ...process.env, ...project.env };
      const child = spawn(process.execPath, [bin, ...args], { cwd: project.folder, env });
      const out = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const) {
        child[name].setEncoding("utf8").on("data", (text: string) => {
          out[name] += text;
        });
      }
      child.on("close", (code) => done({ code, ...out }));
      child.stdin.end(input);
    });
  }
});
