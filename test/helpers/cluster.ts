import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ran, run } from "./run.js";

/** A namespace of a test cluster, driven with `kubectl`. */
export class Namespace {
  constructor(
    readonly name: string,
    readonly kubeconfig: string,
    /** Where documents are written for `kubectl`. */
    readonly folder: string,
  ) {}

  kubectl(...args: string[]): Promise<Ran> {
    return run("kubectl", ["-n", this.name, ...args], this.folder, { KUBECONFIG: this.kubeconfig });
  }

  /** Starts a pod in the namespace, which is made for it. */
  async start(pod: { metadata: { name: string } }): Promise<void> {
    const file = join(this.folder, `${pod.metadata.name}.json`);
    await writeFile(file, JSON.stringify(pod));
    await this.kubectl("create", "namespace", this.name);
    await this.kubectl("apply", "-f", file);
  }

  /** Waits for the end of a pod that runs once. Resolves with what it printed and whether it succeeded. */
  async ended(pod: string, seconds: number): Promise<{ ok: boolean; logs: string }> {
    const wait = "--for=jsonpath={.status.phase}=Succeeded";
    const { code } = await this.kubectl("wait", wait, `pod/${pod}`, `--timeout=${seconds}s`);
    return { ok: code === 0, logs: (await this.kubectl("logs", pod)).stdout };
  }

  async remove(): Promise<void> {
    await this.kubectl("delete", "namespace", this.name, "--wait=false");
  }
}

/** A pod as the strictest clusters want it: nobody, nothing to write on but the named volumes, no rights, no token. */
export function strictPod(
  name: string,
  container: { image: string; args?: string[]; [field: string]: unknown },
  volumes: string[] = [],
): { metadata: { name: string } } & Record<string, unknown> {
  const securityContext = {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
  };
  const volumeMounts = volumes.map((volume) => ({ name: volume, mountPath: `/${volume}` }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, fsGroup: 65532, seccompProfile: { type: "RuntimeDefault" } },
      volumes: volumes.map((volume) => ({ name: volume, emptyDir: {} })),
      containers: [{ name, volumeMounts, securityContext, ...container }],
    },
  };
}
