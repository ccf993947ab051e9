/** One right: `group` is empty for the core API; `resource` may name a subresource (`pods/log`). */
export interface Right {
  group: string;
  resource: string;
  verb: string;
}

const ALL = ["get", "list", "create", "patch", "delete"];

/** What iapp does in a namespace. Reading events, quotas and nodes is of use where it is allowed, and not asked for. */
const RULES: { group: string; resources: string[]; verbs: string[] }[] = [
  { group: "", resources: ["configmaps"], verbs: [...ALL, "update", "watch"] },
  { group: "", resources: ["services", "serviceaccounts"], verbs: ALL },
  { group: "", resources: ["pods"], verbs: ["get", "list", "watch", "delete"] },
  { group: "", resources: ["pods/log", "pods/proxy"], verbs: ["get"] },
  { group: "", resources: ["pods/portforward", "pods/exec"], verbs: ["get", "create"] },
  { group: "", resources: ["events"], verbs: ["list"] },
  { group: "apps", resources: ["deployments"], verbs: ALL },
  { group: "batch", resources: ["jobs", "cronjobs"], verbs: ALL },
  { group: "policy", resources: ["poddisruptionbudgets"], verbs: ALL },
  { group: "coordination.k8s.io", resources: ["leases"], verbs: ["get", "create", "update", "delete"] },
  { group: "rbac.authorization.k8s.io", resources: ["roles", "rolebindings"], verbs: ALL },
  { group: "networking.k8s.io", resources: ["ingresses", "networkpolicies"], verbs: ALL },
  { group: "autoscaling", resources: ["horizontalpodautoscalers"], verbs: ALL },
  // Given on to the routers: nobody may give away what he does not have.
  { group: "discovery.k8s.io", resources: ["endpointslices"], verbs: ["list", "watch"] },
];

export function neededRights(): Right[] {
  return RULES.flatMap(({ group, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }))),
  );
}

export const rightText = ({ group, resource, verb }: Right): string =>
  `${verb} ${resource}${group === "" ? "" : `.${group}`}`;

/** A Role with exactly these rights, as YAML that `kubectl apply -f -` takes. */
export function roleText(namespace: string): string {
  const rules = RULES.map(
    ({ group, resources, verbs }) =>
      `  - apiGroups: [${JSON.stringify(group)}]\n    resources: [${resources.join(", ")}]\n    verbs: [${verbs.join(", ")}]`,
  );
  return [
    "apiVersion: rbac.authorization.k8s.io/v1",
    "kind: Role",
    "metadata:",
    "  name: iapp",
    `  namespace: ${namespace}`,
    "rules:",
    ...rules,
    "",
  ].join("\n");
}
