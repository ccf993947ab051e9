import type { RouteDocument } from "../router/route.js";
import type { KubeApi } from "./client/api.js";
import type { KubeObject } from "./client/resources.js";
import { LABEL, labelsOf, names, selectorText } from "./manifests/index.js";
import { watch } from "./watch.js";

export interface ConfigMapObject extends KubeObject {
  data?: Record<string, string>;
}

export interface EndpointSliceObject extends KubeObject {
  addressType: string;
  /** Null where no pod is there yet. */
  endpoints: EndpointOfSlice[] | null;
  ports: { name?: string; port?: number }[] | null;
}

interface EndpointOfSlice {
  addresses: string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
}

/**
 * What a router on a cluster is told: weights from the app's ConfigMap, processes from the EndpointSlices of its versions. Calls `changed`
 * with a whole route whenever one of them has changed, until the signal aborts; while the API server is away the last one holds.
 */
export async function feedRouter(
  api: KubeApi,
  app: string,
  {
    changed,
    trouble,
    signal,
  }: { changed: (text: string) => void; trouble: (text: string) => void; signal: AbortSignal },
): Promise<void> {
  let route: RouteDocument | null = null;
  let slices: EndpointSliceObject[] | null = null;
  let last = "";
  const compose = (): void => {
    if (route === null || slices === null) return;
    const text = JSON.stringify(withEndpoints(route, slices));
    if (text === last) return;
    last = text;
    changed(text);
  };
  let away = false;
  const tell = (error: Error | null): void => {
    if (error !== null && !away) trouble(`${error.message}; the last route holds`);
    away = error !== null;
  };
  const routes = watch<ConfigMapObject>(api, {
    kind: { apiVersion: "v1", kind: "ConfigMap" },
    query: { fieldSelector: `metadata.name=${names.route(app)}` },
    signal,
    trouble: tell,
    changed: (objects) => {
      const text = objects.get(names.route(app))?.data?.["route.json"];
      if (text === undefined) return;
      try {
        route = JSON.parse(text) as RouteDocument;
      } catch (cause) {
        trouble(`the route is not read: ${(cause as Error).message}`);
      }
      compose();
    },
  });
  const processes = watch<EndpointSliceObject>(api, {
    kind: { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
    query: {
      labelSelector: selectorText({ [LABEL.app]: app, [LABEL.component]: labelsOf(app, "scoring")[LABEL.component]! }),
    },
    signal,
    changed: (objects) => {
      slices = [...objects.values()];
      compose();
    },
  });
  await Promise.all([routes, processes]);
}

/** The route with the processes of each version filled in. Pure. */
export function withEndpoints(route: RouteDocument, slices: readonly EndpointSliceObject[]): RouteDocument {
  const versions = route.versions.map((version) => {
    const own = slices.filter(({ metadata }) => metadata.labels?.[LABEL.version] === version.name);
    return { ...version, endpoints: endpointsOf(own) };
  });
  return { ...route, versions };
}

/**
 * Those that are ready; where none is, those that still answer although they are to go, and then all that are to stay: better than nobody. A
 * cluster that has lost sight of its nodes for a minute calls every pod unready, and all of them answer.
 */
function endpointsOf(slices: readonly EndpointSliceObject[]): string[] {
  const all = slices.flatMap(({ addressType, endpoints, ports }) => {
    const port = ports?.find(({ name }) => name === "http")?.port;
    if (port === undefined || endpoints === null) return [];
    return endpoints.flatMap(({ addresses, conditions = {} }) =>
      addresses.map((address) => ({
        at: addressType === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`,
        ready: conditions.ready !== false && conditions.terminating !== true,
        serving: conditions.serving === true,
        stays: conditions.terminating !== true,
      })),
    );
  });
  const ranks = [all.filter((one) => one.ready), all.filter((one) => one.serving), all.filter((one) => one.stays)];
  const chosen = ranks.find((rank) => rank.length > 0) ?? [];
  return [...new Set(chosen.map(({ at }) => at))].sort();
}
