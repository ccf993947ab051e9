import type { KubeObject } from "../client/resources.js";
import { names } from "./names.js";

/** How many pods, by how busy they are. */
export interface Autoscale {
  min: number;
  max: number;
  /** Percent of the processor share that a pod asks for: above it there are more pods, below it fewer. */
  cpu: number;
}

/** Counts the pods of a version. What applies the Deployment must leave `spec.replicas` to it. */
export function autoscaler(app: string, version: string, labels: Record<string, string>, scale: Autoscale): KubeObject {
  const name = names.version(app, version);
  const target = { type: "Utilization", averageUtilization: scale.cpu };
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, labels },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: scale.min,
      maxReplicas: scale.max,
      metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
    },
  } as KubeObject;
}
