import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/kube/client/resources.js";
import { hasCluster, registry } from "../helpers/cluster-app.js";
import { ClusterProject, DEPLOY_THERE } from "../helpers/cluster-project.js";

const CELLS = [
  "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
  "df = pd.read_csv('data/d.csv')\ndf['a'] = df['a'].fillna(df['a'].median())",
  "X = df[['a', 'b']]\nm = LinearRegression().fit(X, df['y'])\npred = m.predict(X)\nprint(pred[:3])",
];
const PACE = ["--stage", "50,1s", "--bake", "1s", "--accept-unproven"];
const DATA = ["--data", "pvc:lake:/churn=data"];

interface Run {
  id: string;
  outcome: string;
  version: string | null;
  text: string;
}

describe.skipIf(!hasCluster)("retraining by the clock", () => {
  let project: ClusterProject;

  beforeAll(async () => {
    project = await ClusterProject.create(CELLS);
    const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Mi" } } };
    await project.space.api.create({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "lake" },
      spec: claim,
    } as KubeObject);
    await fill("rows", 3);
  }, 300_000);
  afterAll(() => project?.remove());

  /** Puts a table into the claim, as somebody else's job would. */
  async function fill(name: string, factor: number, columns = "a,b,y"): Promise<void> {
    const code = `
import os
os.makedirs('/lake/churn', exist_ok=True)
with open('/lake/churn/d.csv', 'w') as f:
    f.write('${columns}\\n')
    for i in range(120):
        f.write(f"{'' if i % 7 == 0 else (i * 37) % 100},{i % 10},{(i * ${factor}) % 13}\\n")`;
    const security = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
    await project.space.api.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        restartPolicy: "Never",
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          fsGroup: 65532,
          seccompProfile: { type: "RuntimeDefault" },
        },
        volumes: [{ name: "lake", persistentVolumeClaim: { claimName: "lake" } }],
        containers: [
          {
            name: "fill",
            image: `${registry}/iapp/python:3.11`,
            command: ["python3", "-c", code],
            securityContext: security,
            volumeMounts: [{ name: "lake", mountPath: "/lake" }],
          },
        ],
      },
    } as unknown as KubeObject);
    const wait = await project.kubectl(
      "wait",
      "--for=jsonpath={.status.phase}=Succeeded",
      `pod/${name}`,
      "--timeout=60s",
    );
    expect(wait.code, wait.stderr).toBe(0);
    await project.kubectl("delete", "pod", name);
  }

  const serving = async (): Promise<[string, number][]> => {
    const { versions } = await project.json<{ versions: { name: string; weight: number }[] }>(["status", "nb"]);
    return versions.map(({ name, weight }) => [name, weight]);
  };

  it("trains there with data that only the cluster has", async () => {
    const deployed = await project.json<{ version: string }>([...DEPLOY_THERE, ...DATA]);
    expect(deployed.version).toBe("v1");
    const { code, stdout } = await project.iapp("predict", "nb", "--example", "--json");
    expect([code, stdout.includes("prediction")], stdout).toEqual([0, true]);
  }, 400_000);

  it("refuses times that are none, and this machine, before anything is built", async () => {
    const wrong = await project.iapp("schedule", "nb.ipynb", "--cron", "61 3 * * 1", "--json");
    expect([wrong.code, JSON.parse(wrong.stdout).error.message]).toEqual([2, expect.stringMatching(/^--cron: .*61/)]);
    const nowhere = ["schedule", "nb.ipynb", "--cron", "0 3 * * 1", "--time-zone", "Nowhere/Land", "--json"];
    expect(JSON.parse((await project.iapp(...nowhere)).stdout).error.message).toMatch(/^--time-zone: /);
    const here = await project.iapp("schedule", "nb.ipynb", "--cron", "0 3 * * 1", "--target", "local", "--json");
    expect([here.code, JSON.parse(here.stdout).error.remedy]).toEqual([2, expect.stringContaining("--retrain")]);
    expect((await project.kubectl("get", "cronjobs", "-o", "name")).stdout).toBe("");
  }, 60_000);

  it("finds that nothing has changed, then rolls out what new data give", async () => {
    const cron = ["--cron", "0 0 1 1 *", "--time-zone", "Europe/Berlin"];
    await project.json(["schedule", "nb.ipynb", ...cron, ...PACE, ...DATA]);
    const same = await project.json<Run>(["schedule", "run", "nb", "--wait"]);
    expect(same).toMatchObject({ outcome: "unchanged", text: "v1 serves this already" });
    expect(await serving()).toEqual([["v1", 1000]]);
    await fill("more", 5);
    const other = await project.json<Run>(["schedule", "run", "nb", "--wait"]);
    expect(other).toMatchObject({ outcome: "promoted", version: "v2" });
    expect(await serving()).toEqual([["v2", 1000]]);
    const { rollouts } = await project.json<{ rollouts: { to: string; phase: string; by: string }[] }>([
      "rollout",
      "history",
      "nb",
    ]);
    expect(rollouts[0]).toMatchObject({ to: "v2", phase: "promoted", by: expect.stringContaining("nb-retrain-") });
  }, 400_000);

  it("puts the new model onto the layers that are there: the same image as if built anew", async () => {
    const { versions } = await project.json<{ versions: { image: string; digest: string }[] }>(["status", "nb"]);
    const { digest, image } = versions[0]!;
    // Fetches the bundle that was made there.
    expect((await project.iapp("predict", "nb", "--example")).code).toBe(0);
    const repository = `${registry}/${project.space.namespace}/again`;
    const base = ["--base", `${registry}/iapp/python:3.11`, "--push", "--repository", repository];
    const built = await project.json<{ digest: string }>(["build", digest.slice(0, 12), ...base]);
    expect(image.split("@")[1]).toBe(built.digest);
  }, 120_000);

  it("changes nothing when the result cannot be proved, and says why", async () => {
    await fill("broken", 5, "a,c,y");
    const run = await project.json<Run>(["schedule", "run", "nb", "--wait"], 2);
    expect(run.outcome).toBe("refused");
    expect(run.text).toContain("cell");
    expect(await serving()).toEqual([["v2", 1000]]);
    const { stdout } = await project.iapp("status", "nb");
    expect(stdout).toContain("refused");
  }, 200_000);

  it("takes nothing back that somebody has rolled out since", async () => {
    await fill("mended", 7);
    await project.write(CELLS.map((cell) => cell.replace("median()", "mean()")));
    await project.json(["rollout", "nb.ipynb", "--train-on", "cluster", ...DATA, ...PACE]);
    const run = await project.json<Run>(["schedule", "run", "nb", "--wait"]);
    expect(run).toMatchObject({ outcome: "skipped", text: expect.stringContaining("schedule it anew") });
  }, 300_000);

  it("is begun by the clock, never twice at once, and not while it is suspended", async () => {
    await project.json(["schedule", "nb.ipynb", "--cron", "* * * * *", ...PACE, ...DATA]);
    const byClock = async (): Promise<Run | undefined> => {
      const { runs } = await project.json<{ runs: Run[] }>(["schedule", "history", "nb"]);
      return runs.find(({ id, outcome }) => /-\d{8}$/.test(id) && outcome !== "running");
    };
    await expect.poll(byClock, { timeout: 200_000, interval: 3000 }).toMatchObject({ outcome: "unchanged" });
    await project.json(["schedule", "suspend", "nb"]);
    const { stdout } = await project.kubectl("get", "cronjob", "nb-retrain", "-o", "jsonpath={.spec.suspend}");
    expect(stdout).toBe("true");
    const { schedules } = await project.json<{ schedules: object[] }>(["schedule", "list"]);
    expect(schedules).toMatchObject([{ app: "nb", suspended: true, last: { outcome: "unchanged" } }]);
  }, 300_000);

  it("gives its pods no right to read Secrets, to enter pods or to give rights away", async () => {
    const account = `system:serviceaccount:${project.space.namespace}:nb-retrain`;
    const may = async (...what: string[]): Promise<string> =>
      (await project.kubectl("auth", "can-i", ...what, `--as=${account}`)).stdout.trim();
    for (const what of ["get secrets", "create pods/exec", "create rolebindings", "update configmaps/other"]) {
      expect([what, await may(...what.split(" "))]).toEqual([what, "no"]);
    }
    expect(await may("create", "jobs")).toBe("yes");
  }, 60_000);

  it("drives a rollout that was left to the cluster, over the loss of its pod", async () => {
    await project.write(CELLS.map((cell) => cell.replace("['a', 'b']", "['b', 'a']")));
    const slow = ["--stage", "50,25s", "--bake", "1s", "--accept-unproven"];
    const begun = await project.json<{ phase: string; to: string }>([
      "rollout",
      "nb.ipynb",
      "--train-on",
      "cluster",
      ...DATA,
      ...slow,
      "--detach",
    ]);
    expect(begun.phase).toBe("starting");
    const status = async () =>
      JSON.parse((await project.iapp("rollout", "status", "nb", "--json")).stdout) as {
        phase: string;
        driven: boolean;
      };
    await expect.poll(status, { timeout: 120_000, interval: 1000 }).toMatchObject({ phase: "step", driven: true });
    const pods = ["get", "pods", "-l", "app.kubernetes.io/component=driver", "-o", "name"];
    const [first] = (await project.kubectl(...pods)).stdout.trim().split("\n");
    await project.kubectl("delete", first!, "--grace-period=0", "--force");
    await expect.poll(status, { timeout: 200_000, interval: 2000 }).toMatchObject({ phase: "promoted" });
    expect((await project.kubectl(...pods)).stdout.trim().split("\n")).not.toContain(first);
    expect(await serving()).toEqual([[begun.to, 1000]]);
  }, 500_000);

  it("ends at a word, and leaves nothing", async () => {
    await project.json(["schedule", "remove", "nb"]);
    const { stdout } = await project.kubectl("get", "cronjob,serviceaccount,role,rolebinding,configmap", "-o", "name");
    expect(stdout).not.toContain("retrain");
    await project.json(["delete", "nb"]);
    await expect
      .poll(async () => (await project.space.contents()).filter((line) => !/ (iapp|limited)( |$)/.test(line)), {
        timeout: 60_000,
      })
      .toEqual([]);
  }, 200_000);
});
