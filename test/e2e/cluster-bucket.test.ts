import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/kube/client/resources.js";
import { BucketServer } from "../helpers/bucket.js";
import { hasCluster } from "../helpers/cluster-app.js";
import { ClusterProject, DEPLOY_THERE } from "../helpers/cluster-project.js";

const CELLS = [
  "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
  "df = pd.read_csv('data/part/d.csv')",
  "X = df[['a', 'b']]\nm = LinearRegression().fit(X, df['y'])\npred = m.predict(X)\nprint(pred[:3])",
];

/** What is learned from it answers `factor * a + 2 * b`. */
const table = (factor: number): string =>
  [
    "a,b,y",
    ...Array.from({ length: 60 }, (_, i) => [(i * 37) % 100, i % 10]).map(
      ([a, b]) => `${a},${b},${factor * a! + 2 * b!}`,
    ),
  ].join("\n");

interface Failed {
  error: { code: string; message: string; remedy: string };
}

describe.skipIf(!hasCluster)("training with what a bucket holds", () => {
  let project: ClusterProject;
  let store: BucketServer;

  beforeAll(async () => {
    project = await ClusterProject.create(CELLS);
    // Of a node of the test bed, which is this machine: pods reach it there.
    const address = 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}';
    store = await BucketServer.start("lake", (await project.kubectl("get", "nodes", "-o", address)).stdout.trim());
    store.put({ "churn/": "", "churn/part/d.csv": table(3), "churned/other.csv": "no" });
    await secret("lake", store.env);
    await secret("wrong", { ...store.env, AWS_SECRET_ACCESS_KEY: "another-secret-key" });
    // What lies here is not what the notebook is to read.
    await mkdir(join(project.folder, "data/part"), { recursive: true });
    await writeFile(join(project.folder, "data/part/d.csv"), table(100));
    await writeFile(join(project.root, "row.ndjson"), '{"a":10,"b":5}\n');
  }, 300_000);
  afterAll(async () => {
    await store?.close();
    await project?.remove();
  });

  async function secret(name: string, stringData: Record<string, string>): Promise<void> {
    const object = { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData };
    await project.space.api.create(object as unknown as KubeObject);
  }

  const data = (name: string): string[] => ["--data", "s3://lake/churn=data", "--data-secret", name];
  const deploy = (name: string): string[] => [...DEPLOY_THERE, ...data(name)];

  const answer = async (): Promise<number> => {
    const { stdout } = await project.iapp("predict", "nb", "-i", join(project.root, "row.ndjson"));
    return (JSON.parse(stdout) as { prediction: number }).prediction;
  };

  it("is told that the Secret is not there", async () => {
    const { error } = await project.json<Failed>(deploy("nowhere"), 1);
    expect(error.message).toBe("the training job needs the secret nowhere, which is not there");
  }, 300_000);

  it("is told what the store says, with no second try", async () => {
    const { error } = await project.json<Failed>(deploy("wrong"), 1);
    expect(error).toMatchObject({
      code: "IAPP_DATA_BUCKET",
      message: expect.stringMatching(/^s3:\/\/lake\/churn\/ cannot be listed: .*\(SignatureDoesNotMatch\)$/),
      remedy: "Put the right AWS_SECRET_ACCESS_KEY into the Secret wrong.",
    });
    expect(store.requests).toHaveLength(1);
    const { code, stdout } = await project.iapp(...deploy("lake").with(-3, "s3://lake/none=data"), "--json", "--yes");
    expect([code, (JSON.parse(stdout) as Failed).error.message]).toEqual([
      2,
      "there is nothing in the bucket lake below none",
    ]);
  }, 300_000);

  it("reads it where the notebook does, over a store that cuts and slows down", async () => {
    store.faults.push({ on: "list", times: 1, refuse: { status: 503, code: "SlowDown" } });
    store.faults.push({ on: /d\.csv$/, times: 2, cut: 100 });
    expect(await project.json(deploy("lake"))).toMatchObject({ version: "v1" });
    expect(await answer()).toBeCloseTo(40, 6);
    expect(store.faults.map(({ times }) => times)).toEqual([0, 0]);
    expect(store.requests.filter((line) => line.includes("churned"))).toEqual([]);
    // The notebook's own container is given neither the Secret nor what is in it.
    const query = "jsonpath={.items[*].spec.template.spec.containers[*]}";
    const { stdout } = await project.kubectl("get", "jobs", "-o", query);
    expect(stdout).toContain('"name":"training"');
    expect(stdout).not.toMatch(/secretRef|AWS_|wrong|nowhere/);
  }, 400_000);

  it("copies it anew when it trains by the clock", async () => {
    const pace = ["--stage", "50,1s", "--bake", "1s", "--accept-unproven"];
    await project.json(["schedule", "nb.ipynb", "--cron", "0 0 1 1 *", ...pace, ...data("lake")]);
    store.put({ "churn/part/d.csv": table(5) });
    const run = await project.json(["schedule", "run", "nb", "--wait"]);
    expect(run).toMatchObject({ outcome: "promoted", version: "v2" });
    expect(await answer()).toBeCloseTo(60, 6);
    store.put({ "churn/part/d.csv/x": "a file and a folder" });
    const refused = await project.json<{ outcome: string; text: string }>(["schedule", "run", "nb", "--wait"], 2);
    expect(refused).toMatchObject({ outcome: "refused", text: expect.stringContaining("is an object itself") });
  }, 400_000);

  it("leaves nothing behind", async () => {
    await project.json(["delete", "nb"]);
    const left = async () => (await project.kubectl("get", "jobs,cronjobs,pods", "-o", "name")).stdout.trim();
    await expect.poll(left, { timeout: 60_000 }).toBe("");
  }, 200_000);
});
