import { SCORING_PORT } from "../../core/places.js";
import type { KubeObject } from "../client/resources.js";
import { LABEL, labelsOf } from "./names.js";
import { ROUTER_ADMIN_PORT, ROUTER_PORT } from "./router.js";

/** `routers`: only the app's routers reach the service. `closed`: and the service itself reaches nothing but names. */
export type Network = "routers" | "closed";

const tcp = (port: number): object => ({ port, protocol: "TCP" });

/**
 * Who reaches whom. Routers are reached from anywhere: their admin port, too, because evidence is read through the API server, which has no
 * label. Training may reach out (data, registry), and nobody reaches it.
 */
export function networkPolicies(app: string, network: Network): KubeObject[] {
  const of = (component: string): object => ({ matchLabels: { [LABEL.app]: app, [LABEL.component]: component } });
  const names = [{ port: 53, protocol: "UDP" }, tcp(53)];
  const closed = network === "closed";
  return [
    policy(app, "scoring", {
      podSelector: of("scoring"),
      policyTypes: closed ? ["Ingress", "Egress"] : ["Ingress"],
      ingress: [{ from: [{ podSelector: of("router") }], ports: [tcp(SCORING_PORT)] }],
      ...(closed ? { egress: [{ ports: names }] } : {}),
    }),
    policy(app, "router", {
      podSelector: of("router"),
      policyTypes: ["Ingress"],
      ingress: [{ ports: [tcp(ROUTER_PORT), tcp(ROUTER_ADMIN_PORT)] }],
    }),
    policy(app, "jobs", {
      podSelector: {
        matchLabels: { [LABEL.app]: app },
        matchExpressions: [{ key: LABEL.component, operator: "In", values: ["training", "driver", "schedule"] }],
      },
      policyTypes: ["Ingress"],
    }),
  ];
}

function policy(app: string, part: string, spec: object): KubeObject {
  const metadata = { name: `${app}-${part}`, labels: labelsOf(app, "network") };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec } as KubeObject;
}
