import { DEFAULT_DRAIN_MS, DEFAULT_GUARD, DEFAULT_LIMITS, type RouteDocument } from "../router/route.js";
import { wished } from "../router/wish.js";
import type { ClusterApp } from "./app-state.js";
import type { KubeObject, Reference } from "./client/resources.js";
import { labelsOf, names, networkPolicies, routerObjects, versionObjects } from "./manifests/index.js";
import type { ConfigMapObject } from "./router-feed.js";

/** What routers are told; the processes are found by the routers themselves. */
export function routeOf(app: ClusterApp): RouteDocument {
  const versions = app.desired.map(({ name, weight }) => ({
    name,
    color: app.versions.find((version) => version.name === name)?.color ?? null,
    weight,
    endpoints: [],
  }));
  const fallback = versions.find(({ name }) => name !== app.guarded)?.name;
  const guarded = app.guarded !== null && versions.some(({ name }) => name === app.guarded);
  return {
    schema: "iapp.route/1",
    generation: app.generation,
    versions,
    drain_ms: DEFAULT_DRAIN_MS,
    limits: DEFAULT_LIMITS,
    guard: guarded && fallback !== undefined ? { version: app.guarded!, fallback, ...guardOf(app) } : null,
    ...wished(app, versions, app.name),
  };
}

/** Each router counts for itself: together they let through what one alone would. */
function guardOf({ settings }: ClusterApp): typeof DEFAULT_GUARD {
  const { in_row } = DEFAULT_GUARD;
  return { ...DEFAULT_GUARD, in_row: Math.max(2, Math.ceil(in_row / settings.router.replicas)) };
}

export function routeObject(app: ClusterApp): ConfigMapObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: names.route(app.name), labels: labelsOf(app.name, "router") },
    data: { "route.json": JSON.stringify(routeOf(app)) },
  };
}

/** Every object that the app consists of as it is wanted, in the order in which it is applied. Pure: rendering twice gives equal bytes. */
export function appObjects(app: ClusterApp): KubeObject[] {
  const { settings, restarted } = app;
  const count = (replicas: number): number => (app.running ? replicas : 0);
  const versions = app.desired.flatMap(({ name }) => {
    const version = app.versions.find((one) => one.name === name);
    if (version === undefined) return [];
    const { color, image, run } = version;
    const autoscale = app.running ? (settings.autoscale ?? null) : null;
    const replicas = autoscale === null ? count(settings.replicas) : null;
    return versionObjects({ app: app.name, name, color, image, replicas, autoscale, restarted, ...run });
  });
  const router = routerObjects({
    app: app.name,
    image: settings.router.image,
    replicas: count(settings.router.replicas),
    restarted,
    expose: settings.expose,
    source: settings.router.source,
  });
  const network = settings.network == null ? [] : networkPolicies(app.name, settings.network);
  return [...network, routeObject(app), ...versions, ...router];
}

/** State, lease and rollout: of the app, but never part of what is applied. */
export function stateObjects(name: string): Reference[] {
  return [
    { apiVersion: "v1", kind: "ConfigMap", name: names.rollout(name) },
    { apiVersion: "coordination.k8s.io/v1", kind: "Lease", name },
    { apiVersion: "v1", kind: "ConfigMap", name: names.app(name) },
  ];
}

export const sameObject = (a: Reference, b: Reference): boolean =>
  a.kind === b.kind && a.name === b.name && a.apiVersion.split("/")[0] === b.apiVersion.split("/")[0];
