import { SCORING_PORT } from "../../core/places.js";
import type { KubeObject } from "../client/resources.js";
import { type Autoscale, autoscaler } from "./autoscaler.js";
import { LABEL, labelsOf, names, RESTARTED } from "./names.js";
import {
  CONTAINER_SECURITY,
  type EnvSource,
  overNodes,
  POD_SECURITY,
  type PodSource,
  placed,
  probe,
  type Resources,
  resourcesOf,
  temporaryFolder,
  temporaryMount,
} from "./pod.js";

export interface VersionSpec {
  app: string;
  /** `v3`. */
  name: string;
  color: "blue" | "green";
  image: string;
  /** Null where something else counts them (an autoscaler). */
  replicas: number | null;
  /** Null: nothing. */
  autoscale: Autoscale | null;
  resources: Resources;
  env: EnvSource[];
  /** Secrets and ConfigMaps whose entries all become variables. */
  envFrom: { secret?: string; configMap?: string }[];
  /** Any text; another one replaces the pods. */
  restarted: string | null;
  source: PodSource;
}

/** A pod that is to go still answers this long: routers learn of it meanwhile, and its successor starts. */
export const LEAVING_SECONDS = 10;
const DRAIN_SECONDS = 30;

export const versionLabels = (app: string, version: string): Record<string, string> =>
  labelsOf(app, "scoring", { [LABEL.version]: version });

/**
 * Everything that one version of the scoring service consists of. Objects have the version in their name, so that nothing is ever used
 * again for another version and a pod of an old one cannot answer for a new one.
 */
export function versionObjects(spec: VersionSpec): KubeObject[] {
  const name = names.version(spec.app, spec.name);
  const labels = { ...versionLabels(spec.app, spec.name), [LABEL.color]: spec.color };
  const metadata = { name, labels };
  const selector = { [LABEL.app]: spec.app, [LABEL.component]: "scoring", [LABEL.version]: spec.name };
  return [
    // Headless: routers speak to pods, and find them by the EndpointSlices that this makes.
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        clusterIP: "None",
        selector,
        ports: [{ name: "http", port: SCORING_PORT, targetPort: "http", protocol: "TCP" }],
      },
    } as KubeObject,
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        ...(spec.replicas === null ? {} : { replicas: spec.replicas }),
        revisionHistoryLimit: 2,
        // A start that takes longer has failed; iapp looks at the cause long before.
        progressDeadlineSeconds: 600,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: selector },
        template: podTemplate(spec, labels, selector),
      },
    } as KubeObject,
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
    } as KubeObject,
    ...(spec.autoscale === null ? [] : [autoscaler(spec.app, spec.name, labels, spec.autoscale)]),
  ];
}

function podTemplate(spec: VersionSpec, labels: Record<string, string>, selector: Record<string, string>): object {
  const envFrom = spec.envFrom.map(({ secret, configMap }) =>
    secret === undefined ? { configMapRef: { name: configMap } } : { secretRef: { name: secret } },
  );
  return {
    metadata: {
      labels,
      annotations: {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": String(SCORING_PORT),
        ...(spec.restarted === null ? {} : { [RESTARTED]: spec.restarted }),
      },
    },
    spec: {
      ...placed(spec.source),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: POD_SECURITY,
      terminationGracePeriodSeconds: LEAVING_SECONDS + DRAIN_SECONDS,
      topologySpreadConstraints: overNodes(selector),
      volumes: [temporaryFolder],
      containers: [
        {
          name: "scoring",
          image: spec.image,
          args: ["--version", spec.name, "--name", spec.app, "--log-json"],
          ports: [{ name: "http", containerPort: SCORING_PORT, protocol: "TCP" }],
          ...(spec.env.length === 0 ? {} : { env: spec.env }),
          ...(envFrom.length === 0 ? {} : { envFrom }),
          resources: resourcesOf(spec.resources),
          securityContext: CONTAINER_SECURITY,
          volumeMounts: [temporaryMount],
          startupProbe: probe("/livez", "http", { periodSeconds: 1, failureThreshold: 120, timeoutSeconds: 5 }),
          readinessProbe: probe("/readyz", "http", { periodSeconds: 2, failureThreshold: 3, timeoutSeconds: 5 }),
          livenessProbe: probe("/livez", "http", { periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 10 }),
          lifecycle: { preStop: { exec: { command: ["sleep", String(LEAVING_SECONDS)] } } },
          // With nothing written there, the last lines of the log tell why it ended.
          terminationMessagePolicy: "FallbackToLogsOnError",
        },
      ],
    },
  };
}
