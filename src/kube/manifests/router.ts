import type { KubeObject } from "../client/resources.js";
import { accountObjects } from "./account.js";
import { LABEL, labelsOf, names, RESTARTED } from "./names.js";
import { CONTAINER_SECURITY, overNodes, POD_SECURITY, type PodSource, placed, probe, resourcesOf } from "./pod.js";

export type Expose =
  | { kind: "none" | "nodeport" | "loadbalancer" }
  | { kind: "ingress"; host: string; className: string | null }
  | { kind: "gateway"; host: string; gateway: string };

export interface RouterSpec {
  app: string;
  image: string;
  replicas: number;
  restarted: string | null;
  expose: Expose;
  source: PodSource;
}

export const ROUTER_PORT = 8080;
export const ROUTER_ADMIN_PORT = 9090;
/** After the signal to end it still takes new connections this long, until every node has learned that it leaves. */
export const ROUTER_LEAVING_MS = 5000;
const GRACE_SECONDS = 60;

/** The way into an app: the routers, what they may read, and the Service in front of them. */
export function routerObjects(spec: RouterSpec): KubeObject[] {
  const { app } = spec;
  const name = names.router(app);
  const labels = labelsOf(app, "router");
  const selector = { [LABEL.app]: app, [LABEL.component]: "router" };
  const metadata = { name, labels };
  const service = {
    nodeport: { type: "NodePort" },
    loadbalancer: { type: "LoadBalancer" },
    none: { type: "ClusterIP" },
    ingress: { type: "ClusterIP" },
    gateway: { type: "ClusterIP" },
  }[spec.expose.kind];
  return [
    ...accountObjects(name, labels, [
      {
        apiGroups: [""],
        resources: ["configmaps"],
        resourceNames: [names.route(app)],
        verbs: ["get", "list", "watch"],
      },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ]),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: names.service(app), labels },
      spec: { ...service, selector, ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }] },
    } as KubeObject,
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: spec.replicas,
        revisionHistoryLimit: 2,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: selector },
        template: podTemplate(spec, name, labels, selector),
      },
    } as KubeObject,
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
    } as KubeObject,
    ...exposed(spec, labels),
  ];
}

function podTemplate(
  spec: RouterSpec,
  name: string,
  labels: Record<string, string>,
  selector: Record<string, string>,
): object {
  return {
    metadata: {
      labels,
      annotations: {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": String(ROUTER_ADMIN_PORT),
        ...(spec.restarted === null ? {} : { [RESTARTED]: spec.restarted }),
      },
    },
    spec: {
      ...placed(spec.source),
      serviceAccountName: name,
      automountServiceAccountToken: true,
      enableServiceLinks: false,
      securityContext: POD_SECURITY,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      topologySpreadConstraints: overNodes(selector),
      containers: [
        {
          name: "router",
          image: spec.image,
          args: ["_cluster-router", spec.app],
          env: [{ name: "IAPP_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } }],
          ports: [
            { name: "http", containerPort: ROUTER_PORT, protocol: "TCP" },
            { name: "admin", containerPort: ROUTER_ADMIN_PORT, protocol: "TCP" },
          ],
          resources: resourcesOf({ cpu: "50m", memory: "96Mi", memoryLimit: "512Mi" }),
          securityContext: CONTAINER_SECURITY,
          startupProbe: probe("/livez", "admin", { periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 5 }),
          readinessProbe: probe("/readyz", "admin", { periodSeconds: 2, failureThreshold: 3, timeoutSeconds: 5 }),
          livenessProbe: probe("/livez", "admin", { periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 10 }),
          terminationMessagePolicy: "FallbackToLogsOnError",
        },
      ],
    },
  };
}

function exposed({ app, expose }: RouterSpec, labels: Record<string, string>): KubeObject[] {
  const metadata = { name: app, labels };
  if (expose.kind === "ingress") {
    const backend = { service: { name: names.service(app), port: { name: "http" } } };
    const http = { paths: [{ path: "/", pathType: "Prefix", backend }] };
    return [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata,
        spec: {
          ...(expose.className === null ? {} : { ingressClassName: expose.className }),
          rules: [{ host: expose.host, http }],
        },
      } as KubeObject,
    ];
  }
  if (expose.kind === "gateway") {
    return [
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata,
        spec: {
          parentRefs: [{ name: expose.gateway }],
          hostnames: [expose.host],
          rules: [{ backendRefs: [{ name: names.service(app), port: 80 }] }],
        },
      } as KubeObject,
    ];
  }
  return [];
}
