import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunSettings } from "../../src/kube/app-state.js";
import type { PodObject } from "../../src/kube/causes.js";
import type { KubeObject } from "../../src/kube/client/resources.js";
import { LABEL, selectorText } from "../../src/kube/manifests/index.js";
import { ClusterPlatform } from "../../src/kube/platform.js";
import { ClusterSpace, ClusterTraffic, hasCluster, registry } from "../helpers/cluster-app.js";
import { ClusterProject } from "../helpers/cluster-project.js";
import { LoginRegistry } from "../helpers/login-registry.js";
import { run } from "../helpers/run.js";

const LOGIN = "reader:secret";
/** Process ids of a test cluster's etcd and API server: they are held for a few seconds. */
const [etcd, apiServer] = [process.env.IAPP_TEST_ETCD_PID, process.env.IAPP_TEST_APISERVER_PID].map(Number);

// What is around a version fails: its registry, an admission rule, a right, the control plane.
describe.skipIf(!hasCluster)("a version whose surroundings fail", () => {
  let space: ClusterSpace;
  let good: string;
  const figures: string[] = [];

  beforeAll(async () => {
    space = await ClusterSpace.create();
    space.router = await space.toolImage();
    good = await space.fakeImage();
    await space.serve("demo", good, 1);
  }, 300_000);
  afterAll(async () => {
    await space?.remove();
    if (process.env.IAPP_TEST_FIGURES !== undefined) console.info(figures.join("\n"));
  });

  /** Starts a version that fails, and takes it away again. What serves must not notice. */
  async function start(image: string, more: Partial<RunSettings> = {}) {
    const version = await space.note("demo", image, more);
    const platform = space.platform("demo");
    const known = knowable(version);
    const outcome = await platform.start(version);
    const told = Date.now();
    await platform.retire(version);
    await platform.close();
    const [old] = await platform.view();
    expect(old).toMatchObject({ name: "v1", weight: 1000, ready: 1 });
    if (outcome.ready) throw new Error("it came up");
    figures.push(`${outcome.failure.reason.slice(0, 70)}: told ${((told - (await known)) / 1000).toFixed(1)} s after`);
    return outcome.failure;
  }

  /** When the cluster itself shows that something is wrong. */
  async function knowable(version: string): Promise<number> {
    const labelSelector = selectorText({ [LABEL.app]: "demo", [LABEL.version]: version });
    const name = `demo-${version}`;
    for (let tries = 0; tries < 1200; tries++) {
      const { items } = await space.api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector });
      const bad = items
        .flatMap(({ status }) => status?.containerStatuses ?? [])
        .some(({ state, lastState }) => {
          const { reason = "" } = state?.waiting ?? {};
          return (
            state?.terminated !== undefined || lastState?.terminated !== undefined || /Err|BackOff|Error/.test(reason)
          );
        });
      const deployment = await space.api.find<KubeObject & { status?: { conditions?: { type: string }[] } }>({
        apiVersion: "apps/v1",
        kind: "Deployment",
        name,
      });
      if (bad || deployment?.status?.conditions?.some(({ type }) => type === "ReplicaFailure")) return Date.now();
      await new Promise((done) => setTimeout(done, 50));
    }
    return Number.NaN;
  }

  it("tells of a registry that wants a login, and comes up with the Secret that has it", async () => {
    const guarded = await LoginRegistry.before(registry!, LOGIN);
    const image = guarded.named(await space.fakeImage(["--delay=1"]));
    const { reason, lines } = await start(image);
    expect(reason).toBe(`the node may not pull its image (${image})`);
    expect(lines.at(-1)).toContain("--pull-secret");
    expect(guarded.refused).toBeGreaterThan(0);
    const auths = { [guarded.address]: { auth: Buffer.from(LOGIN).toString("base64") } };
    await space.api.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "login" },
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": JSON.stringify({ auths }) },
    } as KubeObject);
    const version = await space.note("demo", image, { source: { pullSecrets: ["login"] } });
    const platform = space.platform("demo");
    expect((await platform.start(version)).ready).toBe(true);
    await platform.retire(version);
    await platform.close();
    await guarded.close();
  }, 180_000);

  it("waits for a registry that is away for a while, says so, and goes on", async () => {
    const absent = await LoginRegistry.before(registry!, null);
    const image = absent.named(await space.fakeImage(["--delay=2"]));
    absent.away = true;
    const told: string[] = [];
    const version = await space.note("demo", image);
    const platform = new ClusterPlatform(space.api, "demo", (text) => void told.push(text));
    const starting = platform.start(version);
    await expect.poll(() => told.join("\n"), { timeout: 60_000 }).toMatch(/its image cannot be pulled \(localhost:/);
    absent.away = false;
    expect((await starting).ready).toBe(true);
    await platform.retire(version);
    await platform.close();
    await absent.close();
  }, 240_000);

  it("tells of limits of the namespace, and of a rule of the cluster, in the cluster's own words", async () => {
    const limit = { type: "Container", max: { memory: "64Mi" } };
    const metadata = { name: "tight" };
    await space.api.create({ apiVersion: "v1", kind: "LimitRange", metadata, spec: { limits: [limit] } } as KubeObject);
    const limited = await start(good);
    expect(limited.reason).toMatch(/^the cluster refuses its pods: .*maximum memory usage per Container is 64Mi/);
    await space.api.remove({ apiVersion: "v1", kind: "LimitRange", name: "tight" });
    const kubectl = async (...args: string[]) =>
      run("kubectl", args, space.folder, { KUBECONFIG: space.target.kubeconfig });
    const file = join(space.folder, "rule.json");
    await writeFile(file, JSON.stringify(rule(space.namespace)));
    expect((await kubectl("apply", "-f", file)).code).toBe(0);
    try {
      // The rule is known to the API server a moment later.
      const probe = async () =>
        (await kubectl("-n", space.namespace, "run", "x", "--image=x", "--dry-run=server")).code;
      await expect.poll(probe, { timeout: 60_000 }).not.toBe(0);
      const refused = await start(good);
      expect(refused.reason).toMatch(/^the cluster refuses its pods: .*nothing new today/);
    } finally {
      await kubectl("delete", "-f", file);
    }
  }, 240_000);

  it.skipIf(!etcd || !apiServer)(
    "goes on when the API server or its store is held for some seconds in the middle, and what serves does not notice",
    async () => {
      const traffic = new ClusterTraffic(await space.address("demo"), 2, 0);
      for (const pid of [apiServer!, etcd!]) {
        const version = await space.note("demo", await space.fakeImage([`--delay=${pid % 7}`]));
        const platform = space.platform("demo");
        const starting = platform.start(version);
        await new Promise((done) => setTimeout(done, 300));
        process.kill(pid, "SIGSTOP");
        await new Promise((done) => setTimeout(done, 4000)).finally(() => process.kill(pid, "SIGCONT"));
        expect((await starting).ready).toBe(true);
        await platform.retire(version);
        await platform.close();
      }
      expect(await traffic.ended()).toEqual({ enough: true, failures: [] });
    },
    180_000,
  );
});

// The same for the whole command line, with a real notebook.
describe.skipIf(!hasCluster)("a deployment that fails on its way", () => {
  const CELLS = [
    "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
    "df = pd.read_csv('d.csv')",
    "X = df[['a', 'b']]\nm = LinearRegression().fit(X, df['y'])\npred = m.predict(X)\nprint(pred[:3])",
  ];
  let project: ClusterProject;

  interface Failed {
    error: { code: string; message: string; remedy: string | null; lines: string[] };
  }

  beforeAll(async () => {
    project = await ClusterProject.create(CELLS);
    const rows = Array.from({ length: 60 }, (_, i) => `${(i * 37) % 100},${i % 10},${(i * 7) % 13}`);
    await writeFile(join(project.folder, "d.csv"), `a,b,y\n${rows.join("\n")}\n`);
    await project.json(["deploy", "nb.ipynb", "--replicas", "1"]);
  }, 400_000);
  afterAll(() => project?.remove());

  async function servesStill(): Promise<void> {
    const status = await project.json<{ phase: string; versions: { name: string; weight: number }[] }>([
      "status",
      "nb",
    ]);
    expect(status.phase).toBe("ready");
    expect(status.versions).toMatchObject([{ name: "v1", weight: 1000 }]);
    expect((await project.iapp("predict", "nb", "--example")).code).toBe(0);
  }

  it("tells of a service that cannot import what it needs, with its last lines", async () => {
    const { error } = await project.json<Failed>(["deploy", "nb.ipynb", "--env", "PYTHONPATH=/nowhere"], 1);
    expect(error.message).toMatch(/^v\d ended with exit code 1$/);
    expect(error.lines.join("\n")).toContain("No module named");
    expect(error.remedy).toContain("v1 is left as it is");
    await servesStill();
  }, 180_000);

  it("tells which right was taken away meanwhile", async () => {
    const role = project.space.api.path({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", name: "iapp" });
    const before = await project.space.api.call<{ rules: { resources: string[]; verbs: string[] }[] }>({
      method: "GET",
      path: role,
    });
    const less = before.rules.map((one) =>
      one.resources.includes("deployments") ? { ...one, verbs: one.verbs.filter((verb) => verb !== "patch") } : one,
    );
    const replace = (rules: object) =>
      project.space.api.call({ method: "PATCH", path: role, type: "application/merge-patch+json", body: { rules } });
    await replace(less);
    const { error } = await project.json<Failed>(["deploy", "nb.ipynb", "--cpu", "120m"], 1);
    expect(error.message).toMatch(/cannot patch resource "deployments"/);
    expect(error.remedy).toContain("iapp doctor --target");
    await replace(before.rules);
    await servesStill();
    expect(await project.json(["deploy", "nb.ipynb", "--cpu", "120m"])).toMatchObject({ changed: true });
  }, 240_000);
});

/** A rule of the cluster that lets no pod into a namespace. */
function rule(namespace: string): object {
  const name = `iapp-test-${namespace}`;
  const api = "admissionregistration.k8s.io/v1";
  const pods = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] };
  const spec = {
    failurePolicy: "Fail",
    matchConstraints: { resourceRules: [pods] },
    validations: [{ expression: "false", message: "nothing new today" }],
  };
  const binding = {
    policyName: name,
    validationActions: ["Deny"],
    matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } },
  };
  const items = [
    { apiVersion: api, kind: "ValidatingAdmissionPolicy", metadata: { name }, spec },
    { apiVersion: api, kind: "ValidatingAdmissionPolicyBinding", metadata: { name }, spec: binding },
  ];
  return { apiVersion: "v1", kind: "List", items };
}
