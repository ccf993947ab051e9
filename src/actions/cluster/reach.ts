import { OperationError } from "../../core/errors.js";
import type { ClusterApp } from "../../kube/app-state.js";
import type { KubeApi } from "../../kube/client/api.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { type Forward, forward } from "../../kube/forward.js";
import { names, ROUTER_PORT } from "../../kube/manifests/index.js";
import { routerPods } from "../../kube/routers.js";

/** A way to the app's routers from this machine, whatever the cluster's network is like: through the API server. */
export function forwardRouter(api: KubeApi, app: string): Promise<Forward> {
  return forward(
    api,
    async () => {
      const pods = await routerPods(api, app);
      const pod = pods[Math.floor(Math.random() * pods.length)];
      if (pod === undefined) throw new OperationError("IAPP_KUBE_ROUTER", `no router of ${app} is ready`);
      return pod.metadata.name;
    },
    ROUTER_PORT,
  );
}

interface ServiceObject extends KubeObject {
  spec: { ports: { port: number; nodePort?: number }[] };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

/** Where others reach the app: as far out as it is exposed. */
export async function appUrl(api: KubeApi, app: ClusterApp): Promise<string> {
  const inside = `http://${names.service(app.name)}.${api.namespace}.svc`;
  const { expose } = app.settings;
  if (expose.kind === "ingress" || expose.kind === "gateway") return `http://${expose.host}`;
  if (expose.kind === "none") return inside;
  const service = await api.find<ServiceObject>({ apiVersion: "v1", kind: "Service", name: names.service(app.name) });
  const port = service?.spec.ports[0];
  if (expose.kind === "nodeport") return port?.nodePort === undefined ? inside : `http://NODE:${port.nodePort}`;
  const first = service?.status?.loadBalancer?.ingress?.[0];
  return first === undefined ? inside : `http://${first.hostname ?? first.ip}`;
}
