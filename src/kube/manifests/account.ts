import type { KubeObject } from "../client/resources.js";

export interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** An account for pods, what it may do in its namespace, and what binds the two. Its token is given only to pods that ask for it. */
export function accountObjects(name: string, labels: Record<string, string>, rules: readonly Rule[]): KubeObject[] {
  const metadata = { name, labels };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false } as KubeObject,
    { apiVersion, kind: "Role", metadata, rules } as KubeObject,
    {
      apiVersion,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name }],
    } as KubeObject,
  ];
}
