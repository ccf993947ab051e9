import type { ClusterApp } from "./app-state.js";
import { apply } from "./apply.js";
import type { KubeApi } from "./client/api.js";
import type { KubeObject } from "./client/resources.js";
import { CONFIG_MAP } from "./config-map.js";
import { LABEL, names } from "./manifests/index.js";
import { routeObject, routeOf } from "./objects.js";
import type { ConfigMapObject } from "./router-feed.js";

/**
 * The generation that a route must get to be followed, where the one that lies there was changed by hand; null where it was not. Routers take
 * no older route, and no other weights under a generation that they know.
 */
export async function overtaking(api: KubeApi, app: ClusterApp): Promise<number | null> {
  const found = await api.find<ConfigMapObject>({ ...CONFIG_MAP, name: names.route(app.name) });
  const text = found?.data?.["route.json"];
  if (text === undefined || text === JSON.stringify(routeOf(app))) return null;
  const there = generationIn(text);
  return there < app.generation ? null : there + 1;
}

/**
 * What the routers are told. Unlike everything else it is taken from whoever has changed it by hand: it is no setting, and taking a bad version
 * back must not depend on it.
 */
export const isRoute = ({ kind, metadata }: KubeObject): boolean =>
  kind === "ConfigMap" && metadata.name === names.route(metadata.labels?.[LABEL.app] ?? "");

export async function writeRoute(api: KubeApi, app: ClusterApp): Promise<void> {
  await apply(api, routeObject(app), false, true);
}

function generationIn(text: string): number {
  try {
    const { generation } = JSON.parse(text) as { generation?: unknown };
    return typeof generation === "number" && Number.isSafeInteger(generation) ? generation : 0;
  } catch {
    return 0;
  }
}
