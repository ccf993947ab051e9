/** What all pods of iapp have in common: nobody, nothing to write on but named folders, no rights (Pod Security Standards, "restricted"). */
export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: 65532,
  runAsGroup: 65532,
  fsGroup: 65532,
  seccompProfile: { type: "RuntimeDefault" },
};

export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

export interface Resources {
  /** Kubernetes quantities. */
  cpu: string;
  memory: string;
  /** Null: none. */
  memoryLimit: string | null;
  /** Extended resources, such as `nvidia.com/gpu`: requests and limits are the same. */
  extended?: Record<string, string>;
}

export function resourcesOf({ cpu, memory, memoryLimit, extended = {} }: Resources): object {
  const limits = { ...(memoryLimit === null ? {} : { memory: memoryLimit }), ...extended };
  return { requests: { cpu, memory, ...extended }, ...(Object.keys(limits).length === 0 ? {} : { limits }) };
}

export interface Placement {
  nodeSelector?: Record<string, string>;
  tolerations?: Record<string, unknown>[];
}

/** Where pods come from and where they may run: the same for all of an app. */
export interface PodSource extends Placement {
  /** Names of Secrets in the namespace with which images are pulled. */
  pullSecrets: string[];
}

export function placed({ pullSecrets, nodeSelector, tolerations }: PodSource): object {
  return {
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(tolerations === undefined ? {} : { tolerations }),
  };
}

/** Pods of one kind go to different nodes where there are several; one node alone is good enough. */
export function overNodes(selector: Record<string, string>): object[] {
  return [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
    },
  ];
}

/** A value, or the place in the cluster where it is: secrets are named, never copied. */
export type EnvSource =
  | { name: string; value: string }
  | { name: string; valueFrom: { secretKeyRef: { name: string; key: string } } };

export const temporaryFolder = { name: "tmp", emptyDir: {} };
export const temporaryMount = { name: "tmp", mountPath: "/tmp" };

export function probe(path: string, port: string, more: Record<string, number> = {}): object {
  return { httpGet: { path, port }, ...more };
}
