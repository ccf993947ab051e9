import { OperationError } from "../core/errors.js";
import { type ClusterApp, parseApp } from "./app-state.js";
import { MANAGER } from "./apply.js";
import type { KubeApi } from "./client/api.js";
import { isConflict } from "./client/errors.js";
import { LABEL, labelsOf, names, selectorText } from "./manifests/index.js";
import type { ConfigMapObject } from "./router-feed.js";

const KEY = "app.json";
const kind = { apiVersion: "v1", kind: "ConfigMap" };

/** The app's wanted state, or null where there is no such app. */
export async function readApp(api: KubeApi, name: string): Promise<ClusterApp | null> {
  const found = await api.find<ConfigMapObject>({ ...kind, name: names.app(name) });
  return found === null ? null : read(found);
}

/** @param resourceVersion of what it replaces */
function stateObject(app: ClusterApp, resourceVersion?: string): ConfigMapObject {
  return {
    ...kind,
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      name: names.app(app.name),
      labels: labelsOf(app.name, "state"),
    },
    data: { [KEY]: JSON.stringify(app) },
  };
}

/** All apps of the namespace, by name. */
export async function listApps(api: KubeApi): Promise<ClusterApp[]> {
  const labelSelector = selectorText({
    "app.kubernetes.io/managed-by": "iapp",
    [LABEL.component]: "state",
  });
  const list = await api.list<ConfigMapObject>(kind, { labelSelector });
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
  for (;;) {
    const found = await api.find<ConfigMapObject>({ ...kind, name: names.app(name) });
    const before = found === null ? null : read(found);
    const after = change(before);
    if (after === null || JSON.stringify(after) === JSON.stringify(before)) return after;
    await fence();
    const object = stateObject(after, found?.metadata.resourceVersion);
    try {
      const path = api.path({ ...kind, ...(found === null ? {} : { name: names.app(name) }) });
      const method = found === null ? "POST" : "PUT";
      await api.call({ method, path, query: { fieldManager: MANAGER }, body: object, once: true });
      return after;
    } catch (error) {
      if (isConflict(error)) continue;
      // Perhaps it was written and only the answer was lost: look, and where not, write once more.
      if (!(error instanceof OperationError) || !error.retryable) throw error;
      const now = await readApp(api, name);
      if (JSON.stringify(now) === JSON.stringify(after)) return after;
    }
  }
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
