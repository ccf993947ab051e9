import { OperationError } from "../core/errors.js";
import { type ClusterApp, parseApp } from "./app-state.js";
import type { KubeApi } from "./client/api.js";
import { CONFIG_MAP, type Rewritten, rewriteConfigMap } from "./config-map.js";
import { LABEL, labelsOf, names, selectorText } from "./manifests/index.js";
import type { ConfigMapObject } from "./router-feed.js";

const KEY = "app.json";

/** The app's wanted state, or null where there is no such app. */
export async function readApp(api: KubeApi, name: string): Promise<ClusterApp | null> {
  const found = await api.find<ConfigMapObject>({ ...CONFIG_MAP, name: names.app(name) });
  return found === null ? null : read(found);
}

/** All apps of the namespace, by name. */
export async function listApps(api: KubeApi): Promise<ClusterApp[]> {
  const labelSelector = selectorText({
    "app.kubernetes.io/managed-by": "iapp",
    [LABEL.component]: "state",
  });
  const list = await api.list<ConfigMapObject>(CONFIG_MAP, { labelSelector });
  const apps = list.items.filter(({ data }) => data?.[KEY] !== undefined).map(read);
  return apps.sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Changes the state. `change` may be called several times: whoever else has written meanwhile is not overwritten. Resolves with the state
 * as written; `change` returning null writes nothing. `fence` rejects when it must not be written any more; it is asked behind the read,
 * so that whoever sleeps after it has been overtaken finds a newer resource version.
 */
export async function updateApp(
  api: KubeApi,
  name: string,
  change: (before: ClusterApp | null) => ClusterApp | null,
  fence: () => Promise<void> = async () => undefined,
): Promise<ClusterApp | null> {
  const at = { name: names.app(name), labels: labelsOf(name, "state") };
  const make = (found: ConfigMapObject | null): Rewritten<ClusterApp | null> => {
    const before = found === null ? null : read(found);
    const after = change(before);
    const same = after === null || JSON.stringify(after) === JSON.stringify(before);
    return { value: after, data: same ? null : { [KEY]: JSON.stringify(after) } };
  };
  return rewriteConfigMap(api, at, make, fence);
}

function read({ metadata, data }: ConfigMapObject): ClusterApp {
  try {
    return parseApp(data?.[KEY] ?? "{}");
  } catch (cause) {
    throw new OperationError(
      "IAPP_KUBE_STATE",
      `the ConfigMap ${metadata.name} is not read: ${(cause as Error).message}`,
      {
        remedy: "Use the version of iapp that deployed it.",
      },
    );
  }
}
