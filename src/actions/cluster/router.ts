import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../core/errors.js";
import type { Host } from "../../core/host.js";
import { KubeApi } from "../../kube/client/api.js";
import { ROUTER_ADMIN_PORT, ROUTER_LEAVING_MS, ROUTER_PORT } from "../../kube/manifests/index.js";
import { feedRouter } from "../../kube/router-feed.js";
import { AccessLog } from "../../router/access-log.js";
import { serveRouter } from "../../router/serve.js";

/** The router in a pod: follows the app's route through the API server with the pod's own account. Resolves with the exit code. */
export async function runClusterRouter(
  host: Pick<Host, "env" | "signal" | "emit" | "write">,
  app: string,
): Promise<number> {
  const namespace = host.env.IAPP_NAMESPACE;
  if (namespace === undefined || host.env.KUBERNETES_SERVICE_HOST === undefined) {
    throw new UserError("IAPP_ROUTER_NO_CLUSTER", "this is no pod that iapp has made", {
      remedy: "It is started on a cluster by: iapp deploy NOTEBOOK --target NAME",
    });
  }
  let written: Promise<void> = Promise.resolve();
  const log = new AccessLog({
    append: (lines) => {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      written = written.then(() => host.write(text));
    },
    close: () => undefined,
  });
  // Watching ends when the router has drained, not when it is told to.
  const watching = new AbortController();
  const api = new KubeApi({ signal: watching.signal, emit: host.emit }, { kubeconfig: null, context: null, namespace });
  const { code } = await serveRouter({
    listen: { host: "::", port: ROUTER_PORT, adminHost: "::", adminPort: ROUTER_ADMIN_PORT },
    log,
    signal: host.signal,
    leavingMs: ROUTER_LEAVING_MS,
    feed: (changed) => {
      const trouble = (text: string): void => log.say("error", text);
      void feed(api, app, { changed, trouble, signal: watching.signal });
      return () => watching.abort();
    },
  });
  log.close();
  log.flush();
  await written;
  api.close();
  return code;
}

/** A right that was given a moment ago may not be known to every API server yet: what is refused is tried again. */
async function feed(api: KubeApi, app: string, options: Parameters<typeof feedRouter>[2]): Promise<void> {
  while (!options.signal.aborted) {
    await feedRouter(api, app, options).catch((error: Error) => options.trouble(error.message));
    await sleep(1000, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
