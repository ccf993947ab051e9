import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/kube/client/resources.js";
import { followLogs } from "../../src/kube/logs.js";
import { CONTAINER_SECURITY, POD_SECURITY } from "../../src/kube/manifests/index.js";
import { ClusterSpace, hasCluster, registry } from "../helpers/cluster-app.js";
import { FaultyProxy } from "../helpers/faulty-proxy.js";

const RUNS = 4;
const LINES = 30_000;

// Numbered lines from a container that restarts, read through connections that are cut: none may be lost, none repeated.
describe.skipIf(!hasCluster)("logs of pods", () => {
  let space: ClusterSpace;
  beforeAll(async () => {
    space = await ClusterSpace.create();
  });
  afterAll(() => space?.remove());

  /** A pod that prints numbered lines, and is started again until it has run so often. */
  async function writer(runs: number, lines: number): Promise<void> {
    const program = [
      "import os, time",
      "path = '/keep/run'",
      "run = int(open(path).read()) + 1 if os.path.exists(path) else 1",
      "open(path, 'w').write(str(run))",
      `for i in range(${lines}):`,
      "    print(f'run {run} line {i} ' + 'x' * 60, flush=i % 200 == 0)",
      // Pauses, so that the node keeps up, and finds time to change the file for another one.
      "    if i % 500 == 499: time.sleep(0.05)",
      `print('last', flush=True); time.sleep(600 if run >= ${runs} else 1); raise SystemExit(1)`,
    ].join("\n");
    const name = `writer-${runs}`;
    await space.api.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 1,
        securityContext: POD_SECURITY,
        volumes: [{ name: "keep", emptyDir: {} }],
        containers: [
          {
            name: "writer",
            image: `${registry}/iapp/python:3.11`,
            command: ["python3", "-c", program],
            securityContext: CONTAINER_SECURITY,
            volumeMounts: [{ name: "keep", mountPath: "/keep" }],
          },
        ],
      },
    } as KubeObject);
  }

  it("loses none when the node begins another file", async () => {
    const lines = 220_000;
    const seen = new Set<string>();
    let count = 0;
    const stop = new AbortController();
    let ended = false;
    const line = ({ text }: { text: string }): void => {
      ended ||= text === "last";
      if (!text.startsWith("run ")) return;
      count += 1;
      seen.add(text);
    };
    const following = followLogs(space.api, { selector: "app=writer-1", line, say: () => undefined }, stop.signal);
    await writer(1, lines);
    await expect.poll(() => ended, { timeout: 200_000, interval: 500 }).toBe(true);
    stop.abort();
    await following;
    expect(count).toBe(seen.size);
    // The kubelet's own reader may miss a line that is being written at the moment in which it turns to the new file.
    expect(lines - seen.size).toBeLessThanOrEqual(2);
    // The node has kept only the newer file: what was read is more than can be had by now.
    const path = `${space.api.path({ apiVersion: "v1", kind: "Pod", name: "writer-1" })}/log`;
    const left = (await space.api.text({ method: "GET", path })).split("\n").length;
    expect(left).toBeLessThan(lines);
  }, 300_000);

  it("gives each of 120 000 lines once, over restarts and cut connections", async () => {
    const seen = new Map<string, number>();
    const said: string[] = [];
    const stop = new AbortController();
    const proxy = await FaultyProxy.before(space.target.kubeconfig, space.folder);
    const api = proxy.api(space.namespace);
    const following = followLogs(
      api,
      {
        selector: `app=writer-${RUNS}`,
        line: ({ text }) => void seen.set(text, (seen.get(text) ?? 0) + 1),
        say: (text) => void said.push(text),
      },
      stop.signal,
    );
    await writer(RUNS, LINES);
    const cutting = setInterval(() => proxy.cutAll(), 2500);
    const numbered = (): number => [...seen.keys()].filter((line) => line.startsWith("run ")).length;
    await expect.poll(numbered, { timeout: 240_000, interval: 500 }).toBe(RUNS * LINES);
    clearInterval(cutting);
    stop.abort();
    await following;
    const repeated = [...seen].filter(([line, count]) => line.startsWith("run ") && count > 1);
    expect(repeated).toEqual([]);
    expect(proxy.cuts).toBeGreaterThan(5);
    expect(said.filter((text) => text.includes("lost"))).toEqual([]);
    await proxy.close();
  }, 300_000);
});
