import type { RouteDocument } from "../router/route.js";
import { type ClusterApp, newApp } from "./app-state.js";
import type { KubeApi } from "./client/api.js";
import type { KubeObject } from "./client/resources.js";
import { LABEL, names, selectorText } from "./manifests/index.js";
import type { ConfigMapObject } from "./router-feed.js";

interface Deployed extends KubeObject {
  spec: { replicas?: number; template: { spec: { containers: { image: string }[] } } };
}

interface Scaler extends KubeObject {
  spec: {
    minReplicas?: number;
    maxReplicas: number;
    metrics?: { resource?: { target?: { averageUtilization?: number } } }[];
  };
}

const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap" };
const DEPLOYMENT = { apiVersion: "apps/v1", kind: "Deployment" };
const OURS = { "app.kubernetes.io/managed-by": "iapp" };

/** Names of apps of which only the objects are there: rendered, and applied by somebody else. */
export async function appliedApps(api: KubeApi, deployed: readonly ClusterApp[]): Promise<string[]> {
  const labelSelector = selectorText({ ...OURS, [LABEL.component]: "router" });
  const { items } = await api.list<ConfigMapObject>(CONFIG_MAP, { labelSelector });
  const found = items.map(({ metadata }) => metadata.labels?.[LABEL.app] ?? "").filter((name) => name !== "");
  return found.filter((name) => !deployed.some((app) => app.name === name)).sort();
}

/** What the objects of such an app say of it, as if it had been deployed; null where there is none. It has no history. */
export async function appliedApp(api: KubeApi, name: string): Promise<ClusterApp | null> {
  const found = await api.find<ConfigMapObject>({ ...CONFIG_MAP, name: names.route(name) });
  const text = found?.data?.["route.json"];
  if (found?.metadata.labels?.[LABEL.app] !== name || text === undefined) return null;
  const route = JSON.parse(text) as RouteDocument;
  const labelSelector = selectorText({ ...OURS, [LABEL.app]: name });
  const { items } = await api.list<Deployed>(DEPLOYMENT, { labelSelector });
  const of = (component: string): Deployed[] =>
    items.filter(({ metadata }) => metadata.labels?.[LABEL.component] === component);
  const [router] = of("router");
  const scoring = of("scoring");
  const scaler = await api
    .find<Scaler>({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      name: scoring[0]?.metadata.name ?? name,
    })
    .catch(() => null);
  const source = { pullSecrets: [] };
  const image = (one: Deployed | undefined): string => one?.spec.template.spec.containers[0]?.image ?? "";
  const settings = {
    replicas: Math.max(0, ...scoring.map(({ spec }) => spec.replicas ?? 1)),
    ...(scaler === null ? {} : { autoscale: boundsOf(scaler) }),
    expose: { kind: "none" as const },
    router: { image: image(router), replicas: router?.spec.replicas ?? 0, source },
  };
  const versions = scoring.map((one) => {
    const { labels, creationTimestamp } = one.metadata;
    const color = labels?.[LABEL.color] === "green" ? ("green" as const) : ("blue" as const);
    const version = labels?.[LABEL.version] ?? one.metadata.name;
    return { ...blank, name: version, color, created: creationTimestamp ?? "", image: image(one) };
  });
  // A weight for a version that is not there reaches nobody: that is shown, too, as a version without pods.
  const desired = route.versions.map(({ name: version, weight }) => ({ name: version, weight }));
  const absent = desired.filter((one) => !versions.some((version) => version.name === one.name));
  const missing = absent.map((one) => ({ ...blank, name: one.name }));
  return {
    ...newApp(name, settings),
    running: settings.replicas > 0 || settings.router.replicas > 0,
    versions: [...versions, ...missing],
    desired,
    generation: route.generation,
  };
}

const blank = {
  color: "blue" as const,
  created: "",
  notebook: null,
  bundle: "",
  image: "",
  run: {
    resources: { cpu: "", memory: "", memoryLimit: null },
    env: [],
    envFrom: [],
    source: { pullSecrets: [] as string[] },
  },
};

function boundsOf({ spec }: Scaler): { min: number; max: number; cpu: number } {
  const cpu = spec.metrics?.[0]?.resource?.target?.averageUtilization ?? 0;
  return { min: spec.minReplicas ?? 1, max: spec.maxReplicas, cpu };
}
