import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeApp } from "../../src/actions/cluster/delete.js";
import type { RunSettings } from "../../src/kube/app-state.js";
import { readApp, updateApp } from "../../src/kube/app-store.js";
import type { KubeObject } from "../../src/kube/client/resources.js";
import { acquireLease, peekLease } from "../../src/kube/lease.js";
import { ClusterSpace, ClusterTraffic, hasCluster } from "../helpers/cluster-app.js";
import { FaultyProxy } from "../helpers/faulty-proxy.js";

// What keeps a version from coming up, provoked for real, and what others must not notice of it.
describe.skipIf(!hasCluster)("a version that does not come up on a cluster", () => {
  let space: ClusterSpace;
  let good: string;

  beforeAll(async () => {
    space = await ClusterSpace.create();
    space.router = await space.toolImage();
    good = await space.fakeImage();
    await space.serve("demo", good, 1);
  }, 300_000);
  afterAll(() => space?.remove());

  /** Starts a version, and takes it away again. */
  async function start(image: string, more: Partial<RunSettings> = {}) {
    const version = await space.note("demo", image, more);
    const platform = space.platform("demo");
    const began = Date.now();
    const outcome = await platform.start(version);
    const seconds = (Date.now() - began) / 1000;
    await platform.retire(version);
    await platform.close();
    const [old] = await platform.view();
    expect(old).toMatchObject({ name: "v1", weight: 1000, ready: 1 });
    if (outcome.ready) throw new Error("it came up");
    return { ...outcome.failure, seconds };
  }

  it("tells of an image that is not there", async () => {
    const { reason } = await start(`${space.target.registry}/nothing:here`);
    expect(reason).toMatch(/^its image is not in the registry \(.*\/nothing:here\)$/);
  }, 120_000);

  it("tells of a registry that is not there", async () => {
    const failure = start("localhost:59999/nothing:here");
    // Waiting may help there, so it goes on until somebody ends it: here the pull is made to fail for good.
    await expect(Promise.race([failure, new Promise((done) => setTimeout(done, 4000, "waits"))])).resolves.toBe(
      "waits",
    );
    await updateApp(
      space.api,
      "demo",
      (app) => app && { ...app, desired: app.desired.filter(({ weight }) => weight > 0) },
    );
    const { desired, versions } = (await readApp(space.api, "demo"))!;
    expect(desired).toHaveLength(1);
    await space.api.remove({ apiVersion: "apps/v1", kind: "Deployment", name: `demo-${versions.at(-1)!.name}` });
    await expect(failure).rejects.toMatchObject({ status: 404 });
  }, 120_000);

  it("tells of a crash, with the last lines", async () => {
    const { reason, lines } = await start(await space.fakeImage(["--crash"]));
    expect(reason).toBe("ended with exit code 3");
    expect(lines.join("\n")).toContain("ValueError: the model cannot be read");
  }, 120_000);

  it("tells of too little memory", async () => {
    const { reason, lines } = await start(await space.fakeImage(["--eat"]));
    expect(reason).toBe("was killed because it needs more memory than its limit");
    expect(lines.at(-1)).toContain("--memory");
  }, 120_000);

  it("tells of a Secret that is not there", async () => {
    const { reason } = await start(good, { envFrom: [{ secret: "nowhere" }] });
    expect(reason).toBe("needs the secret nowhere, which is not there");
  }, 120_000);

  it("tells of a quota", async () => {
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "small" },
      spec: { hard: { pods: "3" } },
    } as KubeObject;
    await space.api.create(quota);
    const { reason, lines } = await start(good);
    expect(reason).toMatch(/^the quota small does not allow it: pods=1 asked for, pods=\d+ used, pods=3 allowed$/);
    expect(lines.at(-1)).toContain("--replicas");
    await space.api.remove({ apiVersion: "v1", kind: "ResourceQuota", name: "small" });
  }, 120_000);

  it("says meanwhile why it fits no node, and goes on when that is mended", async () => {
    const told: string[] = [];
    const nowhere = { pullSecrets: [], nodeSelector: { "iapp.dev/nowhere": "yes" } };
    const version = await space.note("demo", good, { source: nowhere });
    const { ClusterPlatform } = await import("../../src/kube/platform.js");
    const platform = new ClusterPlatform(space.api, "demo", (text) => void told.push(text));
    const outcome = platform.start(version);
    await expect.poll(() => told.join("\n"), { timeout: 30_000 }).toMatch(/fits no node: .*didn't match/);
    const mended = await updateApp(space.api, "demo", (app) => {
      const versions = app!.versions.map((one) => ({ ...one, run: { ...one.run, source: { pullSecrets: [] } } }));
      return { ...app!, versions };
    });
    await platform.reconcile(mended!);
    expect((await outcome).ready).toBe(true);
    await platform.retire(version);
    await platform.close();
  }, 120_000);

  it("goes on when the API server is away for a while in the middle, and what serves does not notice", async () => {
    const proxy = await FaultyProxy.before(space.target.kubeconfig, space.folder);
    const platform = space.platform("demo", proxy.api(space.namespace));
    const traffic = new ClusterTraffic(await space.address("demo"), 2, 0);
    const version = await space.note("demo", good);
    const starting = platform.start(version);
    await new Promise((done) => setTimeout(done, 300));
    proxy.away = true;
    proxy.cutAll();
    setTimeout(() => {
      proxy.away = false;
    }, 5000);
    expect((await starting).ready).toBe(true);
    await platform.retire(version);
    await platform.close();
    expect(await traffic.ended()).toEqual({ enough: true, failures: [] });
    await proxy.close();
  }, 120_000);

  it("lets one of two people change an app, and tells the other who it is", async () => {
    const lease = await acquireLease(space.api, "demo", { identity: "ann@here", command: "iapp deploy a.ipynb" });
    await expect(acquireLease(space.api, "demo", { identity: "bob@there", command: "iapp stop" })).rejects.toThrow(
      /^ann@here is changing demo: iapp deploy a\.ipynb, since 20/,
    );
    await expect(peekLease(space.api, "demo")).rejects.toThrow("ann@here");
    await lease.release();
    await peekLease(space.api, "demo");
    const next = await acquireLease(space.api, "demo", { identity: "bob@there", command: "iapp stop" });
    expect(lease.lost.aborted).toBe(false);
    await next.release();
  });

  it("changes nothing the second time, shows what somebody else has changed, and does not overwrite it", async () => {
    const platform = space.platform("demo");
    const app = (await readApp(space.api, "demo"))!;
    await platform.reconcile(app);
    const before = await space.contents();
    expect((await platform.reconcile(app)).every(({ what }) => what === "same")).toBe(true);
    expect(await space.contents()).toEqual(before);
    const service = { apiVersion: "v1", kind: "Service", name: "demo" };
    const ports = [{ port: 80, protocol: "TCP", targetPort: 1234 }];
    await space.api.call({
      method: "PATCH",
      path: space.api.path(service),
      query: { fieldManager: "somebody", force: true },
      type: "application/apply-patch+yaml",
      body: { apiVersion: "v1", kind: "Service", metadata: { name: "demo" }, spec: { ports } },
    });
    await expect(platform.reconcile(app)).rejects.toMatchObject({
      code: "IAPP_KUBE_CONFLICT",
      lines: [expect.stringMatching(/targetPort: conflict with "somebody"/)],
    });
  });

  it("takes over nothing that belongs to somebody else", async () => {
    const metadata = { name: "taken" };
    const spec = { ports: [{ port: 80 }], selector: { app: "x" } };
    await space.api.create({ apiVersion: "v1", kind: "Service", metadata, spec } as KubeObject);
    await expect(space.serve("taken", good)).rejects.toThrow(
      "there is a Service taken already, which was not made by iapp",
    );
    await removeApp(space.api, "taken");
    expect(await space.contents()).toContainEqual(expect.stringMatching(/^Service taken /));
    await space.api.remove({ apiVersion: "v1", kind: "Service", name: "taken" });
  });

  it("leaves nothing behind when an app is deleted, whatever had been begun", async () => {
    await space.note("demo", good);
    await space
      .platform("demo")
      .reconcile((await readApp(space.api, "demo"))!)
      .catch(() => undefined);
    // As if the command had been killed before it wrote anything down.
    const orphan = { name: "demo-v99", labels: { "iapp.dev/app": "demo", "app.kubernetes.io/managed-by": "iapp" } };
    await space.api.create({ apiVersion: "v1", kind: "ConfigMap", metadata: orphan } as KubeObject);
    await removeApp(space.api, "demo");
    await expect.poll(() => space.contents(), { timeout: 30_000 }).toEqual([]);
    await removeApp(space.api, "demo");
  }, 120_000);
});
