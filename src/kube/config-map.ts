import { OperationError } from "../core/errors.js";
import { MANAGER } from "./apply.js";
import type { KubeApi } from "./client/api.js";
import { isConflict } from "./client/errors.js";
import type { ConfigMapObject } from "./router-feed.js";

export const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap" };

/** What a ConfigMap is to hold, with what the caller gets for it. `data` null: nothing is written. */
export interface Rewritten<T> {
  value: T;
  data: Record<string, string> | null;
}

/**
 * Reads a ConfigMap, makes its new data from the old, and writes them. `make` may be called several times: whoever else has written meanwhile
 * is not overwritten. `fence` rejects when it must not be written any more; it is asked behind the read, so that whoever sleeps after it has
 * been overtaken finds a newer resource version.
 */
export async function rewriteConfigMap<T>(
  api: KubeApi,
  at: { name: string; labels: Record<string, string> },
  make: (found: ConfigMapObject | null) => Rewritten<T>,
  fence: () => Promise<void> = async () => undefined,
): Promise<T> {
  const ref = { ...CONFIG_MAP, name: at.name };
  for (;;) {
    const found = await api.find<ConfigMapObject>(ref);
    const { value, data } = make(found);
    if (data === null) return value;
    await fence();
    const version = found === null ? {} : { resourceVersion: found.metadata.resourceVersion! };
    const object: ConfigMapObject = { ...CONFIG_MAP, metadata: { ...version, ...at }, data };
    const target =
      found === null
        ? ({ method: "POST", path: api.path(CONFIG_MAP) } as const)
        : ({ method: "PUT", path: api.path(ref) } as const);
    try {
      await api.call({ ...target, query: { fieldManager: MANAGER }, body: object, once: true });
      return value;
    } catch (error) {
      if (isConflict(error)) continue;
      // Perhaps it was written and only the answer was lost: look, and where not, write once more.
      if (!(error instanceof OperationError) || !error.retryable) throw error;
      const now = await api.find<ConfigMapObject>(ref);
      if (now !== null && Object.entries(data).every(([key, text]) => now.data?.[key] === text)) return value;
    }
  }
}
