import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { updateApp } from "../../src/kube/app-store.js";
import { awaitReady } from "../../src/kube/await-ready.js";
import { isReady } from "../../src/kube/causes.js";
import { names } from "../../src/kube/manifests/index.js";
import { routerPods } from "../../src/kube/routers.js";
import { ClusterSpace, ClusterTraffic, hasCluster } from "../helpers/cluster-app.js";

// Real pods behind real routers; the service is a fake one that starts fast.
describe.skipIf(!hasCluster)("an app on a cluster, while requests come", () => {
  let space: ClusterSpace;
  let image: string;

  beforeAll(async () => {
    space = await ClusterSpace.create({ "pod-security.kubernetes.io/enforce": "restricted" });
    space.router = await space.toolImage();
    image = await space.fakeImage();
    await space.serve("demo", image);
  }, 300_000);
  afterAll(() => space?.remove());

  const tell = (): void => undefined;
  const reconcile = async (change: Parameters<typeof updateApp>[2]): Promise<void> => {
    const app = await updateApp(space.api, "demo", change);
    await space.platform("demo").reconcile(app!);
    await awaitReady(space.api, names.version("demo", app!.desired[0]!.name), tell);
    await awaitReady(space.api, names.router("demo"), tell);
  };

  it("loses none when pods are deleted, evicted, restarted, scaled, and versions change", async () => {
    const { api } = space;
    const traffic = new ClusterTraffic(await space.address("demo"));
    const platform = space.platform("demo");
    try {
      await traffic.until(200);
      const [pod] = (await platform.podsOf("v1")).filter(isReady);
      await api.remove({ apiVersion: "v1", kind: "Pod", name: pod!.metadata.name });
      await awaitReady(api, names.version("demo", "v1"), tell);
      const [next] = (await platform.podsOf("v1")).filter(isReady);
      const { name } = next!.metadata;
      const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name } };
      const path = `${api.path({ apiVersion: "v1", kind: "Pod", name })}/eviction`;
      await api.call({ method: "POST", path, body: eviction });
      await awaitReady(api, names.version("demo", "v1"), tell);
      const [router] = await routerPods(api, "demo");
      await api.remove({ apiVersion: "v1", kind: "Pod", name: router!.metadata.name });
      await awaitReady(api, names.router("demo"), tell);
      await reconcile((app) => app && { ...app, restarted: "now" });
      for (const replicas of [1, 4, 2]) {
        await reconcile((app) => app && { ...app, settings: { ...app.settings, replicas } });
      }
      const version = await space.note("demo", image, { env: [{ name: "MODE", value: "other" }] });
      expect((await platform.start(version)).ready).toBe(true);
      for (const weight of [10, 500, 1000]) {
        await platform.weights(
          new Map([
            [version, weight],
            ["v1", 1000 - weight],
          ]),
        );
        await traffic.until(traffic.answers.length + 300);
      }
      const moved = Date.now();
      await platform.retire("v1");
      await traffic.until(10_000);
      await traffic.stop();
      expect(traffic.failures).toEqual([]);
      expect(traffic.answers.filter((one) => one.version === "v1" && one.began > moved)).toEqual([]);
      expect(traffic.answers.filter((one) => one.version === version).length).toBeGreaterThan(500);
    } finally {
      await traffic.stop();
      await platform.close();
    }
  }, 600_000);
});
