import type { Wish } from "../router/wish.js";
import type { Reference } from "./client/resources.js";
import type { Autoscale, EnvSource, Expose, Network, PodSource, Resources } from "./manifests/index.js";

/** A version of an app on a cluster: what its pods are made from. */
export interface ClusterVersion {
  name: string;
  color: "blue" | "green";
  /** ISO 8601. */
  created: string;
  /** File name of the notebook, or null where a bundle was deployed. */
  notebook: string | null;
  bundle: string;
  /** By digest. */
  image: string;
  run: RunSettings;
}

/**
 * How the pods of a version are run. It belongs to the version: another setting is another version, tried before it takes over, and what
 * runs is never touched by it.
 */
export interface RunSettings {
  resources: Resources;
  env: EnvSource[];
  envFrom: { secret?: string; configMap?: string }[];
  source: PodSource;
}

export interface HistoryEntry {
  at: string;
  what:
    | "deployed"
    | "failed"
    | "retired"
    | "restarted"
    | "stopped"
    | "started"
    | "scaled"
    | "rolled-back"
    | "taken-over";
  version: string | null;
  by: string;
  text: string;
}

/** What holds for an app whatever its versions. */
export interface ClusterSettings {
  replicas: number;
  /** Counts the pods of each version instead. Null or left out: nothing does. */
  autoscale?: Autoscale | null;
  /** Null or left out: whoever reaches the namespace's pods reaches these. */
  network?: Network | null;
  expose: Expose;
  router: { image: string; replicas: number; source: PodSource };
}

/** An app on a cluster, as it is wanted: `app.json` in the ConfigMap `<app>-app`. Written only by who holds the app's lease. */
export interface ClusterApp extends Wish {
  schema: "iapp.cluster-app/1";
  name: string;
  running: boolean;
  settings: ClusterSettings;
  versions: ClusterVersion[];
  desired: { name: string; weight: number }[];
  guarded: string | null;
  /** Of the route; grows with every change of the weights. */
  generation: number;
  /** Changes when pods are to be replaced. */
  restarted: string | null;
  history: HistoryEntry[];
  /** Everything that may exist of the app, written before it is made: what `delete` removes. */
  inventory: Reference[];
}

const KEPT_VERSIONS = 50;
const KEPT_HISTORY = 100;

export function newApp(name: string, settings: ClusterSettings): ClusterApp {
  return {
    schema: "iapp.cluster-app/1",
    name,
    running: true,
    settings,
    versions: [],
    desired: [],
    guarded: null,
    generation: 0,
    restarted: null,
    history: [],
    inventory: [],
  };
}

/** The version that gets all requests, or null. */
export function currentVersion(app: ClusterApp): string | null {
  return app.desired.find(({ weight }) => weight === 1000)?.name ?? null;
}

export function noted(app: ClusterApp, entry: HistoryEntry): ClusterApp {
  return { ...app, history: [...app.history, entry].slice(-KEPT_HISTORY) };
}

/** With one more version; the oldest that are not wanted are forgotten, so that the object stays small. */
export function withVersion(app: ClusterApp, version: ClusterVersion): ClusterApp {
  const wanted = new Set(app.desired.map(({ name }) => name));
  const versions = [...app.versions, version];
  const surplus = Math.max(0, versions.length - KEPT_VERSIONS);
  const kept = versions.filter(({ name }, i) => i >= surplus || wanted.has(name));
  return { ...app, versions: kept };
}

export function nextVersionName(app: ClusterApp | null): string {
  const numbers = (app?.versions ?? []).map(({ name }) => Number(name.slice(1)));
  return `v${Math.max(0, ...numbers) + 1}`;
}

/** @throws Error with one sentence when the document is none that this version understands */
export function parseApp(text: string): ClusterApp {
  const app = JSON.parse(text) as ClusterApp;
  if (app.schema !== "iapp.cluster-app/1") {
    throw new Error(`it was written by another version of iapp (${JSON.stringify(app.schema ?? null)})`);
  }
  return app;
}
