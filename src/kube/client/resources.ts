/** As much of any Kubernetes object as all of them have. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

export interface Metadata {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string; uid: string }[];
  managedFields?: unknown[];
}

export interface KubeList<T extends KubeObject> {
  metadata: { resourceVersion: string; continue?: string };
  items: T[];
}

export interface Reference {
  apiVersion: string;
  kind: string;
  name: string;
}

/** Plural names of the kinds that iapp makes or reads: API discovery would be asked for nothing else. */
const PLURALS: Record<string, string> = {
  ConfigMap: "configmaps",
  CronJob: "cronjobs",
  Deployment: "deployments",
  EndpointSlice: "endpointslices",
  Event: "events",
  Gateway: "gateways",
  HTTPRoute: "httproutes",
  HorizontalPodAutoscaler: "horizontalpodautoscalers",
  Ingress: "ingresses",
  Job: "jobs",
  Lease: "leases",
  LimitRange: "limitranges",
  Namespace: "namespaces",
  NetworkPolicy: "networkpolicies",
  Node: "nodes",
  PersistentVolumeClaim: "persistentvolumeclaims",
  Pod: "pods",
  PodDisruptionBudget: "poddisruptionbudgets",
  ReplicaSet: "replicasets",
  ResourceQuota: "resourcequotas",
  Role: "roles",
  RoleBinding: "rolebindings",
  Secret: "secrets",
  SelfSubjectAccessReview: "selfsubjectaccessreviews",
  Service: "services",
  ServiceAccount: "serviceaccounts",
  StorageClass: "storageclasses",
};

const CLUSTER_WIDE = new Set(["Namespace", "Node", "StorageClass", "SelfSubjectAccessReview"]);

export function pluralOf(kind: string): string {
  const plural = PLURALS[kind];
  if (plural === undefined) throw new Error(`no plural is known for ${kind}`);
  return plural;
}

/** The path of a kind, or of one object of it. */
export function pathOf(ref: Omit<Reference, "name"> & { name?: string }, namespace: string): string {
  const root = ref.apiVersion.includes("/") ? `/apis/${ref.apiVersion}` : `/api/${ref.apiVersion}`;
  const place = CLUSTER_WIDE.has(ref.kind) ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  const name = ref.name === undefined ? "" : `/${encodeURIComponent(ref.name)}`;
  return `${root}${place}/${pluralOf(ref.kind)}${name}`;
}
