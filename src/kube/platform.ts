import { OperationError } from "../core/errors.js";
import type { RouterEvidence } from "../core/evidence.js";
import { pause } from "../core/pause.js";
import { SCORING_PORT } from "../core/places.js";
import type { Platform, RouteWish, StartOutcome, VersionView } from "../rollout/platform.js";
import type { ClusterApp } from "./app-state.js";
import { updateApp } from "./app-store.js";
import { applyAll, type Change, refuseTaken, removeAll } from "./apply.js";
import { awaitReady, eventsOf } from "./await-ready.js";
import { causeOf, isReady, type PodObject } from "./causes.js";
import { type KubeApi, referenceOf } from "./client/api.js";
import type { KubeObject, Reference } from "./client/resources.js";
import { firstCount, isAutoscaler, leaveCount, takeCount } from "./counting.js";
import { type Forward, forward } from "./forward.js";
import { lastLines } from "./logs.js";
import { LABEL, names, selectorText } from "./manifests/index.js";
import { appObjects, routeOf, sameObject } from "./objects.js";
import { isRoute, overtaking, writeRoute } from "./route-store.js";
import { routerEvidences, routerPods, routerStatuses } from "./routers.js";

const LOOK_MS = 200;
/** A router that has not applied a route by then has lost its API server. */
const ROUTE_MS = 60_000;
const KNOWN_MS = 10_000;
/** What a version that goes has in flight may take this long. */
const DRAIN_MS = 60_000;

/** A driver in a pod has the right to change versions and weights, and nothing else of the app. */
export type Parts = "all" | "versions";

const isOfVersions = ({ kind, metadata }: KubeObject): boolean =>
  kind === "ConfigMap" || metadata.labels?.[LABEL.component] === "scoring";

/** Blue-green on a cluster: a Deployment a version, routers that follow one ConfigMap, and the app's state in another. */
export class ClusterPlatform implements Platform {
  readonly #api: KubeApi;
  readonly #name: string;
  readonly #tell: (text: string) => void;
  readonly #parts: Parts;
  readonly #forwards: Forward[] = [];
  readonly #fence: () => Promise<void>;

  /**
   * @param tell what it waits for
   * @param limits which objects it may touch, and a fence that rejects once another one has taken over
   */
  constructor(
    api: KubeApi,
    name: string,
    tell: (text: string) => void,
    { parts = "all", fence = async () => undefined }: { parts?: Parts; fence?: () => Promise<void> } = {},
  ) {
    this.#parts = parts;
    this.#fence = fence;
    this.#api = api;
    this.#name = name;
    this.#tell = tell;
  }

  /** Ends the connections that `start` has made. */
  async close(): Promise<void> {
    await Promise.all(this.#forwards.splice(0).map((one) => one.close()));
  }

  async view(): Promise<VersionView[]> {
    const app = await this.#update((before) => before);
    const pods = await this.podsOf(null);
    return Promise.all(
      app.desired.map(async ({ name, weight }) => {
        const own = pods.filter(({ metadata }) => metadata.labels?.[LABEL.version] === name);
        const ready = own.filter(isReady).length;
        const trouble = ready > 0 ? null : await this.#trouble(own);
        const color = app.versions.find((version) => version.name === name)?.color ?? "blue";
        return { name, color, weight, ready, problem: trouble?.text ?? null, lines: trouble?.lines ?? [] };
      }),
    );
  }

  async start(version: string): Promise<StartOutcome> {
    const app = await this.#update((before) => {
      const others = before.desired.filter(({ name }) => name !== version);
      // Alone it takes everything: there is nothing to be beside of.
      const weight = others.some((other) => other.weight > 0) ? 0 : 1000;
      const desired = [...others, { name: version, weight }];
      return { ...before, running: true, desired, generation: before.generation + 1 };
    });
    await this.reconcile(app);
    const outcome = await awaitReady(this.#api, names.version(this.#name, version), this.#tell);
    if (!outcome.ready) {
      return {
        ready: false,
        failure: { version, reason: outcome.cause.text, lines: [...outcome.lines, outcome.cause.remedy] },
      };
    }
    const made = await forward(this.#api, async () => (await this.#readyPod(version)).metadata.name, SCORING_PORT);
    this.#forwards.push(made);
    return { ready: true, endpoint: made.url.replace("http://", "") };
  }

  async weights(weights: ReadonlyMap<string, number>, wish: RouteWish = {}): Promise<number> {
    for (const [version, weight] of weights) if (weight > 0) await this.#known(version);
    if (wish.mirror !== undefined) await this.#known(wish.mirror.to);
    const app = await this.#update((before) => {
      const desired = before.desired.map(({ name }) => ({ name, weight: weights.get(name) ?? 0 }));
      const sum = desired.reduce((total, { weight }) => total + weight, 0);
      if (sum !== 1000) throw new Error(`weights add up to ${sum}, not 1000`);
      const { mirror: _mirror, sticky: _sticky, ...rest } = before;
      const { guarded = null, ...more } = wish;
      const after = { ...rest, desired, guarded, ...more };
      const same = JSON.stringify(routeOf(after)) === JSON.stringify(routeOf(before));
      if (same && before.generation > 0) return before;
      return { ...after, generation: before.generation + 1 };
    });
    return this.#writeRoute(app);
  }

  async evidence(): Promise<RouterEvidence[]> {
    return routerEvidences(this.#api, await routerPods(this.#api, this.#name));
  }

  async retire(version: string): Promise<void> {
    const app = await this.#update((before) => {
      const gone = before.desired.find(({ name }) => name === version);
      if (gone === undefined) return before;
      if (gone.weight > 0) throw new Error(`${version} still gets requests`);
      const desired = before.desired.filter(({ name }) => name !== version);
      const { mirror: _mirror, sticky: _sticky, ...rest } = before;
      return { ...rest, desired, guarded: null, generation: before.generation + 1 };
    });
    await this.#writeRoute(app);
    await this.#drained(version);
    await this.reconcile(app);
  }

  /**
   * Makes the cluster as the state wants it, and removes what it does not want any more. What is about to be made is in the inventory
   * before it is made: whoever is killed here leaves nothing that is not found again.
   */
  async reconcile(wished: ClusterApp, dryRun = false): Promise<Change[]> {
    const app = dryRun ? wished : await this.#ahead(wished);
    const objects = appObjects(app);
    const wanted = objects.map(referenceOf);
    const surplus = app.inventory.filter((old) => !wanted.some((one) => sameObject(one, old)));
    if (dryRun) {
      const changes = await applyAll(this.#api, objects, { dryRun, force: isRoute });
      return [...changes, ...surplus.map((object): Change => ({ object, what: "delete", fields: [] }))];
    }
    await refuseTaken(
      this.#api,
      objects.filter((object) => !app.inventory.some((old) => sameObject(old, referenceOf(object)))),
    );
    await this.#inventory((before) => [
      ...before,
      ...wanted.filter((one) => !before.some((old) => sameObject(one, old))),
    ]);
    // An autoscaler that is not wanted any more would go on counting.
    const freed = await removeAll(this.#api, this.#name, surplus.filter(isAutoscaler));
    for (const object of objects.filter(({ kind }) => kind === "Deployment")) {
      if (!("replicas" in (object as unknown as { spec: object }).spec)) {
        await leaveCount(this.#api, object, await firstCount(this.#api, app));
      } else if (freed.some(({ object: { name } }) => name === object.metadata.name))
        await takeCount(this.#api, object);
    }
    const own = objects.filter(this.#parts === "all" ? () => true : isOfVersions);
    const changes = await applyAll(this.#api, own, { force: isRoute });
    const removed = await removeAll(this.#api, this.#name, surplus);
    if (surplus.length > 0) await this.#inventory(() => wanted);
    return [...changes, ...freed, ...removed];
  }

  /** Resolves with the generation of the route when every router follows it. */
  async #writeRoute(app: ClusterApp): Promise<number> {
    const ahead = await this.#ahead(app);
    await this.#fence();
    await writeRoute(this.#api, ahead);
    await this.routersApplied(ahead.generation);
    return ahead.generation;
  }

  /** The app with a route that is newer than what somebody has put there by hand. */
  async #ahead(app: ClusterApp): Promise<ClusterApp> {
    const generation = await overtaking(this.#api, app);
    return generation === null ? app : this.#update((before) => ({ ...before, generation }));
  }

  /**
   * Waits until every router knows a pod of the version: what is ready is a moment later in the EndpointSlices. A version that has no pod any
   * more is not waited for long; the rollout that looks at it decides.
   */
  async #known(version: string): Promise<void> {
    const deadline = performance.now() + KNOWN_MS;
    while (performance.now() < deadline) {
      const statuses = await routerStatuses(this.#api, await routerPods(this.#api, this.#name));
      const lacks = (status: (typeof statuses)[number]): boolean =>
        !status?.versions.some(({ name, endpoints }) => name === version && endpoints.length > 0);
      if (statuses.length > 0 && !statuses.some(lacks)) return;
      await this.#pause();
    }
  }

  /** Waits until every router that takes requests follows this route. */
  async routersApplied(generation: number): Promise<void> {
    const deadline = performance.now() + ROUTE_MS;
    for (;;) {
      const pods = await routerPods(this.#api, this.#name);
      const statuses = await routerStatuses(this.#api, pods);
      const behind = pods.flatMap(({ metadata }, i) => {
        const status = statuses[i] ?? null;
        if (status === null) return [`${metadata.name} does not answer`];
        if (status.generation >= generation) return [];
        return [
          `${metadata.name} has route ${status.generation}, not ${generation} (${status.problem ?? "none newer"})`,
        ];
      });
      if (pods.length > 0 && behind.length === 0) return;
      if (performance.now() > deadline) {
        throw new OperationError("IAPP_KUBE_ROUTER", "the route is not applied everywhere", {
          lines: pods.length === 0 ? ["no router is ready"] : behind,
          remedy: "See `iapp logs --component router`.",
        });
      }
      await this.#pause();
    }
  }

  /** Waits until the routers run as the state wants them. */
  async routerReady(): Promise<void> {
    const outcome = await awaitReady(this.#api, names.router(this.#name), this.#tell);
    if (outcome.ready) return;
    throw new OperationError("IAPP_KUBE_ROUTER", `the router ${outcome.cause.text}`, {
      lines: outcome.lines,
      remedy: outcome.cause.remedy,
    });
  }

  /** Pods of one version, or of all. */
  async podsOf(version: string | null): Promise<PodObject[]> {
    const labels = { [LABEL.app]: this.#name, [LABEL.component]: "scoring" };
    const labelSelector = selectorText(version === null ? labels : { ...labels, [LABEL.version]: version });
    return (await this.#api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector })).items;
  }

  async #readyPod(version: string): Promise<PodObject> {
    const ready = (await this.podsOf(version)).filter(isReady);
    const pod = ready[Math.floor(Math.random() * ready.length)];
    if (pod === undefined) throw new OperationError("IAPP_KUBE_NO_POD", `no pod of ${version} is ready`);
    return pod;
  }

  /** Nothing of the version is in flight any more, or it has had its time. */
  async #drained(version: string): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    const endpoints = (await this.podsOf(version)).map(({ status }) => `${status?.podIP}:${SCORING_PORT}`);
    while (performance.now() < deadline) {
      const statuses = await routerStatuses(this.#api, await routerPods(this.#api, this.#name));
      const busy = statuses.some((one) => endpoints.some((endpoint) => (one?.in_flight_at[endpoint] ?? 0) > 0));
      if (!busy) return;
      await this.#pause();
    }
  }

  async #trouble(pods: readonly PodObject[]): Promise<{ text: string; lines: string[] } | null> {
    for (const pod of pods) {
      const cause = causeOf(pod, await eventsOf(this.#api, pod));
      if (cause === null) continue;
      const { logs } = cause;
      const lines = logs === null ? [] : await lastLines(this.#api, pod.metadata.name, logs.container, logs.previous);
      return { text: cause.text, lines };
    }
    return null;
  }

  async #inventory(change: (before: Reference[]) => Reference[]): Promise<void> {
    await this.#update((before) => ({ ...before, inventory: change(before.inventory) }));
  }

  async #update(change: (before: ClusterApp) => ClusterApp): Promise<ClusterApp> {
    const changed = (before: ClusterApp | null): ClusterApp | null => (before === null ? null : change(before));
    const app = await updateApp(this.#api, this.#name, changed, this.#fence);
    if (app === null) throw new OperationError("IAPP_KUBE_APP_GONE", `${this.#name} has been deleted`);
    return app;
  }

  async #pause(): Promise<void> {
    await pause(LOOK_MS, this.#api.signal);
  }
}
