import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openBase, openSession } from "../../src/actions/build/base.js";
import { buildTool, layerCache, parseReference } from "../../src/actions/build/index.js";
import { nodeLayer } from "../../src/actions/build/tool-layers.js";
import type { Context, IappEvent } from "../../src/core/events.js";
import { assemble } from "../../src/image/image.js";
import {
  type ClusterSettings,
  newApp,
  nextVersionName,
  type RunSettings,
  withVersion,
} from "../../src/kube/app-state.js";
import { updateApp } from "../../src/kube/app-store.js";
import type { PodObject } from "../../src/kube/causes.js";
import { KubeApi } from "../../src/kube/client/api.js";
import type { KubeObject } from "../../src/kube/client/resources.js";
import { labelsOf, selectorText } from "../../src/kube/manifests/index.js";
import { ClusterPlatform } from "../../src/kube/platform.js";
import { layoutOf } from "../../src/project/layout.js";
import type { Target } from "../../src/project/targets.js";
import { pushImage } from "../../src/registry/push.js";

export const kubeconfig = process.env.IAPP_TEST_KUBECONFIG;
export const registry = process.env.IAPP_TEST_REGISTRY;
/** How to enable it is said at the end of `npm test`. */
export const hasCluster = kubeconfig !== undefined && registry !== undefined;

const PLATFORM = { os: "linux", architecture: "amd64" } as const;
const ADMIN = { kubeconfig: kubeconfig ?? null, context: null };

/** A namespace of the test cluster with images in the test registry, gone at the end. */
export class ClusterSpace {
  readonly events: IappEvent[] = [];
  readonly namespace = `iapp-test-${randomBytes(4).toString("hex")}`;
  readonly api: KubeApi;
  router = "";

  private constructor(readonly folder: string) {
    this.api = new KubeApi(this.context(), { ...ADMIN, namespace: this.namespace });
  }

  static async create(labels: Record<string, string> = {}): Promise<ClusterSpace> {
    const space = new ClusterSpace(await mkdtemp(join(tmpdir(), "iapp-cluster-")));
    const { namespace: name } = space;
    await space.api.create<KubeObject>({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    return space;
  }

  context(signal: AbortSignal = new AbortController().signal): Context {
    const env = { ...process.env, XDG_CACHE_HOME: join(this.folder, "cache") };
    return { cwd: this.folder, env, emit: (event) => void this.events.push(event), signal, now: () => Date.now() };
  }

  get target(): Target & { kubeconfig: string } {
    return {
      name: "test",
      kubeconfig: kubeconfig!,
      context: "testbed",
      namespace: this.namespace,
      registry: `${registry}/${this.namespace}`,
      registry_for_nodes: null,
      registry_for_pods: null,
      base: `${registry}/iapp/python:3.11`,
      tool_base: `${registry}/iapp/python:3.11`,
      platform: "linux/amd64",
      pull_secrets: [],
      push_secret: null,
      insecure: [],
    };
  }

  /** The image of iapp as it was built for these tests. */
  async toolImage(): Promise<string> {
    const name = parseReference(`${registry}/${this.namespace}/iapp:test`);
    const { reference } = await buildTool(this.context(), {
      layout: layoutOf(this.folder),
      base: this.target.tool_base,
      platform: PLATFORM,
      name,
      sinks: [{ kind: "registry", reference: name }],
      insecure: [],
    });
    return reference;
  }

  /** An image of the fake service with these switches. */
  async fakeImage(switches: string[] = []): Promise<string> {
    const cache = layerCache(this.context().env);
    const base = await openBase(this.context(), cache, `${registry}/iapp/python:3.11`, PLATFORM, []);
    const source = resolve(import.meta.dirname, "fake-scoring.mjs");
    const entry = {
      path: "fake/serve.mjs",
      type: "file" as const,
      content: { file: source, size: (await stat(source)).size },
    };
    const layers = [await nodeLayer(cache, PLATFORM), await cache.build([entry], "a fake service", null)];
    const script = `
      const version = process.argv[process.argv.indexOf("--version") + 1];
      const fixed = ["--folder=/tmp", "--host=0.0.0.0", "--port=8080", ...${JSON.stringify(switches)}];
      process.argv = [process.argv[0], "serve", "--name=" + version, ...fixed];
      import("/fake/serve.mjs");`;
    const image = assemble(base.image, layers, { user: "65532:65532", entrypoint: ["node", "-e", script, "--"] });
    const reference = parseReference(`${registry}/${this.namespace}/fake:${randomBytes(4).toString("hex")}`);
    const session = await openSession(this.context(), reference.registry, false);
    try {
      return (await pushImage(session, reference, image)).reference;
    } finally {
      session.close();
      base.close();
    }
  }

  platform(app: string, api = this.api): ClusterPlatform {
    return new ClusterPlatform(api, app, () => undefined);
  }

  settings(replicas = 2): ClusterSettings {
    const source = { pullSecrets: [] };
    return { replicas, expose: { kind: "none" }, router: { image: this.router, replicas: 2, source } };
  }

  /** Notes a version of an app, which is made where it is not there yet. Resolves with the version's name. */
  async note(app: string, image: string, more: Partial<RunSettings> = {}, replicas = 2): Promise<string> {
    const resources = { cpu: "10m", memory: "64Mi", memoryLimit: "256Mi" };
    const run: RunSettings = { resources, env: [], envFrom: [], source: { pullSecrets: [] }, ...more };
    const noted = await updateApp(this.api, app, (before) => {
      const state = before ?? newApp(app, this.settings(replicas));
      const name = nextVersionName(state);
      const color = state.versions.at(-1)?.color === "blue" ? "green" : "blue";
      const created = "2026-01-01T00:00:00Z";
      return withVersion(state, { name, color, created, notebook: null, bundle: name, image, run });
    });
    return noted!.versions.at(-1)!.name;
  }

  /** A version that takes all requests, with routers in front of it. */
  async serve(app: string, image: string, replicas = 2): Promise<string> {
    const version = await this.note(app, image, {}, replicas);
    const platform = this.platform(app);
    const outcome = await platform.start(version);
    if (!outcome.ready) throw new Error(`${version} ${outcome.failure.reason}\n${outcome.failure.lines.join("\n")}`);
    await platform.routerReady();
    await platform.weights(new Map([[version, 1000]]));
    await platform.close();
    return version;
  }

  async address(app: string): Promise<string> {
    const service = await this.api.get<KubeObject & { spec: { clusterIP: string } }>({
      apiVersion: "v1",
      kind: "Service",
      name: app,
    });
    return service.spec.clusterIP;
  }

  /** Addresses of an app's pods of one kind. */
  async podAddresses(app: string, component: "router" | "scoring"): Promise<string[]> {
    const labelSelector = selectorText(labelsOf(app, component));
    const { items } = await this.api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector });
    return items.flatMap(({ status }) => status?.podIP ?? []);
  }

  /** Everything that lies in the namespace, but for what the cluster puts there itself. */
  async contents(): Promise<string[]> {
    const kinds = [
      ["v1", "ConfigMap"],
      ["v1", "Service"],
      ["v1", "Pod"],
      ["v1", "ServiceAccount"],
      ["v1", "Secret"],
      ["apps/v1", "Deployment"],
      ["apps/v1", "ReplicaSet"],
      ["batch/v1", "Job"],
      ["batch/v1", "CronJob"],
      ["policy/v1", "PodDisruptionBudget"],
      ["discovery.k8s.io/v1", "EndpointSlice"],
      ["coordination.k8s.io/v1", "Lease"],
      ["rbac.authorization.k8s.io/v1", "Role"],
      ["rbac.authorization.k8s.io/v1", "RoleBinding"],
    ];
    const lists = await Promise.all(
      kinds.map(async ([apiVersion, kind]) => {
        const { items } = await this.api.list<KubeObject>({ apiVersion: apiVersion!, kind: kind! });
        return items.map(({ metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`);
      }),
    );
    return lists
      .flat()
      .filter((line) => !/^(ConfigMap kube-root-ca.crt|ServiceAccount default) /.test(line))
      .sort();
  }

  async remove(): Promise<void> {
    await this.api.remove({ apiVersion: "v1", kind: "Namespace", name: this.namespace });
    this.api.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface Answer {
  began: number;
  status: number | null;
  version: string | null;
  error: string | null;
}

/** Clients of a service: some keep their connection, some make one for each request. */
export class ClusterTraffic {
  readonly answers: Answer[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  #running = true;
  readonly #clients: Promise<void>[];

  constructor(
    readonly address: string,
    kept = 6,
    fresh = 2,
  ) {
    const clients = [...Array(kept).fill(this.#agent), ...Array(fresh).fill(false)];
    this.#clients = clients.map((agent) => this.#client(agent));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  /** Stops, and says what came of it. `enough`: there were so many requests that a fault would have met one. */
  async ended(): Promise<{ enough: boolean; failures: Answer[] }> {
    await this.stop();
    return { enough: this.answers.length > 100, failures: this.failures };
  }

  get failures(): Answer[] {
    return this.answers.filter(({ status }) => status !== 200);
  }

  async until(count: number): Promise<void> {
    while (this.answers.length < count) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async #client(agent: Agent | false): Promise<void> {
    while (this.#running) {
      this.answers.push(await this.#ask(agent));
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  }

  #ask(agent: Agent | false): Promise<Answer> {
    const began = Date.now();
    const body = JSON.stringify({ rows: [{ x: 3 }] });
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    return new Promise((done) => {
      const fail = (error: Error): void => done({ began, status: null, version: null, error: error.message });
      const options = { method: "POST", headers, agent, timeout: 30_000 };
      const req = request(`http://${this.address}/predict`, options, (res) => {
        let text = "";
        res.setEncoding("utf8");
        res.on("data", (chunk: string) => {
          text += chunk;
        });
        res.on("error", fail);
        res.on("end", () => {
          const status = res.statusCode!;
          const version = status === 200 ? (JSON.parse(text) as { version: string }).version : null;
          done({ began, status, version, error: status === 200 ? null : text.slice(0, 200) });
        });
      });
      req.on("timeout", () => req.destroy(new Error("no answer")));
      req.on("error", fail);
      req.end(body);
    });
  }
}
