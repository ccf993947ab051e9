import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { currentVersion } from "../../src/kube/app-state.js";
import { readApp, updateApp } from "../../src/kube/app-store.js";
import { awaitReady } from "../../src/kube/await-ready.js";
import { CONFIG_MAP } from "../../src/kube/config-map.js";
import { acquireLease, leaseHolder } from "../../src/kube/lease.js";
import { names } from "../../src/kube/manifests/index.js";
import { ClusterPlatform } from "../../src/kube/platform.js";
import { askRollout, ClusterRolloutStore, readRollout } from "../../src/kube/rollout-store.js";
import type { ConfigMapObject } from "../../src/kube/router-feed.js";
import { drive } from "../../src/rollout/driver.js";
import { type NewRollout, newRollout, type RolloutState } from "../../src/rollout/state.js";
import type { RouteDocument } from "../../src/router/route.js";
import { ClusterSpace, ClusterTraffic, hasCluster } from "../helpers/cluster-app.js";
import { FaultyProxy } from "../helpers/faulty-proxy.js";
import { run } from "../helpers/run.js";

// The same reducer and driver as on one machine, with two routers and real pods; versions are fake ones with faults.
describe.skipIf(!hasCluster)("a rollout on a cluster", () => {
  let space: ClusterSpace;
  let good: string;
  let traffic: ClusterTraffic;

  beforeAll(async () => {
    space = await ClusterSpace.create();
    space.router = await space.toolImage();
    good = await space.fakeImage();
    await space.serve("demo", good, 1);
    traffic = new ClusterTraffic(await space.address("demo"));
  }, 300_000);
  afterAll(async () => {
    await traffic?.stop();
    await space?.remove();
  });

  /** Begins a rollout of a version with these switches. */
  async function begin(
    switches: string[],
    stages = [{ weight: 200, ms: 1500, requests: 20 }],
    more: Partial<NewRollout> = {},
  ): Promise<string> {
    const to = await space.note("demo", await space.fakeImage(switches));
    const limits = { excess: 0.05, alpha: 0.01, unproven: false };
    const rollout = { id: to, from: "v1", to, by: "test", stages, bake_ms: 1500, limits, ...more };
    await new ClusterRolloutStore(space.api, "demo").create(newRollout(rollout, Date.now()));
    return to;
  }

  async function driveOn(signal = new AbortController().signal, api = space.api): Promise<RolloutState> {
    const platform = space.platform("demo", api.with(signal));
    try {
      return await drive({
        platform,
        store: new ClusterRolloutStore(api, "demo"),
        now: () => Date.now(),
        pause: (ms) => new Promise((done, fail) => (signal.aborted ? fail(new Error("killed")) : setTimeout(done, ms))),
        preflight: async () => undefined,
        onState: () => undefined,
      });
    } finally {
      await platform.close();
    }
  }

  /** All requests to the first version again, for the next test. */
  async function askBack(promoted: string): Promise<void> {
    const platform = space.platform("demo");
    expect(await platform.start("v1")).toMatchObject({ ready: true });
    await platform.weights(new Map([["v1", 1000]]));
    await platform.retire(promoted);
    await platform.close();
  }

  const of = (version: string) => traffic.answers.filter((one) => one.version === version);

  it("takes back a version that always fails before its users have seen more than a few errors", async () => {
    const before = traffic.failures.length;
    await begin(["--fail=1"]);
    const state = await driveOn();
    const decided = Date.now();
    await traffic.until(traffic.answers.length + 300);
    expect(state).toMatchObject({ phase: "rolled-back", verdict: { outcome: "fail" } });
    const failures = traffic.failures.slice(before);
    // Two in a row at each of two routers, and what was in flight meanwhile.
    expect(failures.length).toBeLessThanOrEqual(4 + 3);
    expect(failures.filter(({ began }) => began > decided)).toEqual([]);
  }, 120_000);

  it("takes back a version whose process dies under load, and one that cannot start", async () => {
    await begin(["--good-first=30", "--die"]);
    expect(await driveOn()).toMatchObject({ phase: "rolled-back" });
    await begin(["--crash"]);
    const state = await driveOn();
    expect(state).toMatchObject({ phase: "rolled-back", verdict: { metric: "start" } });
    expect(state.verdict!.lines.join("\n")).toContain("ValueError: the model cannot be read");
  }, 180_000);

  it("takes back one whose memory runs out under load", async () => {
    await begin(["--good-first=30", "--leak"]);
    const state = await driveOn();
    expect(state).toMatchObject({ phase: "rolled-back" });
    const decided = Date.now();
    await traffic.until(traffic.answers.length + 300);
    expect(traffic.failures.filter(({ began }) => began > decided)).toEqual([]);
  }, 180_000);

  it("compares answers to copies at both routers, and takes one back that differs before anybody has met it", async () => {
    const shadow = { share: 1000, ms: 1000, requests: 200 };
    const expect_ = { agreement: 0.98, mean_shift: null, psi: null };
    const before = traffic.failures.length;
    const to = await begin(["--late-factor=3"], undefined, { shadow, expect: expect_ });
    const state = await driveOn();
    expect(state).toMatchObject({ phase: "rolled-back", verdict: { metric: "agreement" } });
    expect(new Set(state.mirrors.map(({ router }) => router)).size).toBe(2);
    expect(of(to)).toEqual([]);
    const good = await begin([], undefined, { shadow, expect: expect_ });
    expect(await driveOn()).toMatchObject({ phase: "promoted" });
    await askBack(good);
    expect(traffic.failures.slice(before)).toEqual([]);
  }, 240_000);

  it("is taken over from a driver that sleeps, which can change nothing when it wakes up", async () => {
    const asleep = await acquireLease(space.api, "demo", { identity: "ann@laptop", command: "iapp rollout" });
    const old = new ClusterPlatform(space.api, "demo", () => undefined, { fence: () => asleep.confirm() });
    await expect(
      acquireLease(space.api, "demo", { identity: "bob@desk", command: "iapp rollout resume" }),
    ).rejects.toThrow(/ann@laptop is changing demo: iapp rollout, since/);
    const who = { identity: "bob@desk", command: "iapp rollout resume --take-over", force: true };
    const taken = await acquireLease(space.api, "demo", who);
    const before = await readApp(space.api, "demo");
    await expect(old.weights(new Map([["v1", 1000]]), { guarded: "v1" })).rejects.toThrow(
      /bob@desk .* has the lease now/,
    );
    expect(await readApp(space.api, "demo")).toEqual(before);
    expect(asleep.lost.aborted).toBe(true);
    expect(await leaseHolder(space.api, "demo")).toMatch(/^bob@desk \(iapp rollout resume --take-over, since /);
    // What it gives back is not its own any more.
    await asleep.release();
    await taken.confirm();
    await taken.release();
    expect(await leaseHolder(space.api, "demo")).toBe(null);
  }, 60_000);

  it("waits without requests for a person, who needs no lease to end it", async () => {
    const to = await begin([], [{ weight: 100, ms: 500, requests: 1_000_000 }]);
    const driving = driveOn();
    await expect.poll(() => of(to).length, { timeout: 30_000 }).toBeGreaterThan(10);
    await askRollout(space.api, "demo", { what: "abort", by: "ann", at_ms: Date.now(), why: "wrong data" });
    expect(await driving).toMatchObject({ phase: "aborted" });
    const ended = Date.now();
    await traffic.until(traffic.answers.length + 300);
    expect(of(to).filter(({ began }) => began > ended)).toEqual([]);
  }, 120_000);

  it("is gone on with by another driver, over a router that ends, and loses nothing", async () => {
    const before = traffic.failures.length;
    const to = await begin([]);
    const killed = new AbortController();
    const first = driveOn(killed.signal).catch((error: Error) => error.message);
    await expect.poll(() => of(to).length, { timeout: 60_000 }).toBeGreaterThan(5);
    killed.abort();
    expect(await first).toEqual(expect.any(String));
    expect((await readRollout(space.api, "demo"))!.phase).toBe("step");
    const restarted = await updateApp(space.api, "demo", (app) => app && { ...app, restarted: "during the rollout" });
    await space.platform("demo").reconcile(restarted!);
    await awaitReady(space.api, names.router("demo"), () => undefined);
    const state = await driveOn();
    expect(state.phase).toBe("promoted");
    const promoted = Date.now();
    await traffic.until(traffic.answers.length + 300);
    expect(of("v1").filter(({ began }) => began > promoted)).toEqual([]);
    expect(traffic.failures.slice(before)).toEqual([]);
  }, 180_000);

  it("sets weights again that somebody has changed by hand, and goes on", async () => {
    const before = traffic.failures.length;
    const serving = currentVersion((await readApp(space.api, "demo"))!)!;
    const to = await begin([], [{ weight: 100, ms: 2000, requests: 30 }], { from: serving });
    const driving = driveOn();
    await expect.poll(() => of(to).length, { timeout: 60_000 }).toBeGreaterThan(5);
    const found = await space.api.get<ConfigMapObject>({ ...CONFIG_MAP, name: names.route("demo") });
    const route = JSON.parse(found.data!["route.json"]!) as RouteDocument;
    const versions = route.versions.map((version) => ({ ...version, weight: 1000 - version.weight }));
    const edited = { ...route, generation: route.generation + 5, versions };
    await space.api.replace({ ...found, data: { "route.json": JSON.stringify(edited) } });
    const state = await driving;
    expect(state.phase).toBe("promoted");
    expect(state.history.map(({ text }) => text)).toContain(`the weights were changed by hand; ${to} gets 10 % again`);
    const promoted = Date.now();
    await traffic.until(traffic.answers.length + 300);
    expect(of(serving).filter(({ began }) => began > promoted)).toEqual([]);
    expect(traffic.failures.slice(before)).toEqual([]);
  }, 180_000);

  // Of all who ask the API server: the driver, whose connections end, and the routers, whose packets nobody answers.
  it.skipIf(process.getuid?.() !== 0)(
    "outlives a minute without the API server, in the middle of a step",
    async () => {
      const before = traffic.failures.length;
      const serving = currentVersion((await readApp(space.api, "demo"))!)!;
      const to = await begin([], [{ weight: 300, ms: 3000, requests: 100 }], { from: serving });
      const proxy = await FaultyProxy.before(space.target.kubeconfig, space.folder);
      const driver = proxy.api(space.namespace);
      const lease = await acquireLease(driver, "demo", { identity: "ann@laptop", command: "iapp rollout" });
      const driving = driveOn(undefined, driver);
      await expect.poll(() => of(to).length, { timeout: 60_000 }).toBeGreaterThan(5);

      const routers = await space.podAddresses("demo", "router");
      expect(routers).toHaveLength(2);
      const drop = (how: string, pod: string): string[] => [how, "INPUT", "-s", pod, "-p", "tcp", "--dport", "6443"];
      const filter = (how: string) =>
        Promise.all(routers.map((pod) => run("iptables", ["-w", ...drop(how, pod), "-j", "DROP"], space.folder)));
      expect((await filter("-I")).map(({ code }) => code)).toEqual([0, 0]);
      proxy.away = true;
      proxy.cutAll();
      const began = Date.now();
      try {
        await new Promise((done) => setTimeout(done, 60_000));
      } finally {
        proxy.away = false;
        await filter("-D");
      }
      const meanwhile = traffic.answers.filter((one) => one.began > began);
      expect([...new Set(meanwhile.map(({ version }) => version))].sort()).toEqual([serving, to].sort());
      const state = await driving;
      expect(state.phase, JSON.stringify(state.verdict)).toBe("promoted");
      const promoted = Date.now();
      await traffic.until(traffic.answers.length + 300);
      expect(of(serving).filter((one) => one.began > promoted)).toEqual([]);
      expect(traffic.failures.slice(before)).toEqual([]);
      // Its lease ran out meanwhile and was renewed; nobody has been locked out.
      await lease.confirm();
      await lease.release();
      await (await acquireLease(space.api, "demo", { identity: "bob@desk", command: "iapp stop" })).release();
      await proxy.close();
    },
    240_000,
  );
});
