import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { yamlOf } from "../../../src/actions/cluster/yaml.js";
import { type ClusterApp, newApp, type RunSettings, withVersion } from "../../../src/kube/app-state.js";
import {
  driverAccount,
  driverJob,
  type Expose,
  names,
  scheduleObjects,
  trainingJob,
} from "../../../src/kube/manifests/index.js";
import { appObjects } from "../../../src/kube/objects.js";

const IMAGE = "registry.example/team/churn@sha256:aa";
const RUN: RunSettings = {
  resources: { cpu: "100m", memory: "256Mi", memoryLimit: "1Gi" },
  env: [{ name: "MODE", value: "fast" }],
  envFrom: [{ secret: "database" }],
  source: { pullSecrets: ["login"], nodeSelector: { disk: "fast" } },
};

function app(expose: Expose = { kind: "none" }): ClusterApp {
  const router = { image: "registry.example/team/iapp@sha256:bb", replicas: 2, source: { pullSecrets: ["login"] } };
  const version = (name: string, color: "blue" | "green") => {
    return { name, color, created: "", notebook: null, bundle: name, image: IMAGE, run: RUN };
  };
  const base = withVersion(newApp("churn", { replicas: 3, expose, router }), version("v1", "blue"));
  const desired = [
    { name: "v1", weight: 900 },
    { name: "v2", weight: 100 },
  ];
  return { ...withVersion(base, version("v2", "green")), desired, guarded: "v2", generation: 7, restarted: "today" };
}

describe("manifests", () => {
  it("are as they were looked at", async () => {
    const text = yamlOf(appObjects(app()), "prod");
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, "../../fixtures/kube/app.yaml"));
  });

  it("are the same bytes every time", () => {
    expect(yamlOf(appObjects(app()), "prod")).toBe(yamlOf(appObjects(app()), "prod"));
  });

  it("run no pod of an app that is stopped, and keep everything else", () => {
    const [running, stopped] = [appObjects(app()), appObjects({ ...app(), running: false })];
    expect(stopped.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
      running.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    );
    const replicas = stopped.flatMap((object) => {
      const { spec } = object as unknown as { spec?: { replicas?: number } };
      return object.kind === "Deployment" ? [spec?.replicas] : [];
    });
    expect(replicas).toEqual([0, 0, 0]);
  });

  it.each([
    [{ kind: "ingress", host: "churn.example", className: "nginx" } as const, "Ingress"],
    [{ kind: "gateway", host: "churn.example", gateway: "public" } as const, "HTTPRoute"],
  ])("expose an app (%j)", (expose, kind) => {
    const found = appObjects(app(expose)).find((object) => object.kind === kind);
    expect(JSON.stringify(found)).toContain("churn.example");
  });

  it("leave the number of pods to an autoscaler, but for an app that is stopped", () => {
    const base = app();
    const scaled = { ...base, settings: { ...base.settings, autoscale: { min: 2, max: 10, cpu: 70 } } };
    const of = (state: ClusterApp, kind: string) => appObjects(state).filter((object) => object.kind === kind);
    const counts = (state: ClusterApp) =>
      of(state, "Deployment").map((one) => (one as unknown as { spec: { replicas?: number } }).spec.replicas);
    expect(counts(scaled)).toEqual([undefined, undefined, 2]);
    expect(of(scaled, "HorizontalPodAutoscaler").map(({ metadata }) => metadata.name)).toEqual([
      "churn-v1",
      "churn-v2",
    ]);
    expect(counts({ ...scaled, running: false })).toEqual([0, 0, 0]);
    expect(of({ ...scaled, running: false }, "HorizontalPodAutoscaler")).toEqual([]);
  });

  it.each(["routers", "closed"] as const)("say who reaches whom (%s)", async (network) => {
    const base = app();
    const state = { ...base, settings: { ...base.settings, network, autoscale: { min: 2, max: 10, cpu: 70 } } };
    const asked = appObjects(state).filter(
      ({ kind }) => kind === "NetworkPolicy" || kind === "HorizontalPodAutoscaler",
    );
    await expect(yamlOf(asked, "prod")).toMatchFileSnapshot(
      join(import.meta.dirname, `../../fixtures/kube/asked-${network}.yaml`),
    );
  });

  it("drive a rollout in a job, and train by the clock, with no more rights than that needs", async () => {
    const driver = {
      app: "churn",
      image: IMAGE,
      args: ["_cluster-retrain", "churn"],
      env: [{ name: "IAPP_TARGET", value: "{}" }],
      source: { pullSecrets: ["login"] },
      pushSecret: "push",
    };
    const clock = { cron: "0 3 * * 1", timeZone: "Europe/Berlin", suspended: false, deadline: 3600 };
    const objects = [
      ...driverAccount("churn", names.driver("churn"), "driver", false),
      driverJob({ ...driver, args: ["_cluster-rollout", "churn"] }, names.drive("churn", "v2", "1a2b3c4d"), 3600),
      ...scheduleObjects({ ...driver, ...clock }),
    ];
    await expect(yamlOf(objects, "prod")).toMatchFileSnapshot(
      join(import.meta.dirname, "../../fixtures/kube/drivers.yaml"),
    );
    const rules = JSON.stringify(objects.filter(({ kind }) => kind === "Role"));
    expect(rules).not.toMatch(/secrets|serviceaccounts|roles|exec|\*/);
  });

  const training = {
    app: "churn",
    name: "churn-train-1",
    image: IMAGE,
    args: ["--publish", "registry.example/team/churn"],
  };
  it("train in a job", async () => {
    const job = trainingJob({
      ...training,
      ...RUN,
      pushSecret: "push",
      data: [
        { claim: "lake", subPath: "churn/2024", path: "data" },
        { claim: "lake", subPath: null, path: "all" },
      ],
      dataImage: null,
      deadline: 3600,
    });
    await expect(yamlOf([job], "prod")).toMatchFileSnapshot(
      join(import.meta.dirname, "../../fixtures/kube/training.yaml"),
    );
  });

  it("train in a job whose data come from buckets, and give their Secret to the container that copies them alone", async () => {
    const job = trainingJob({
      ...training,
      ...RUN,
      pushSecret: null,
      data: [
        { bucket: "lake", prefix: "churn/year=2024", secret: "keys", path: "data" },
        { claim: "lake", subPath: null, path: "all" },
        { bucket: "other", prefix: "$(AWS_SECRET_ACCESS_KEY)", secret: "keys", path: "in/raw" },
      ],
      dataImage: "registry.example/team/iapp@sha256:bb",
      deadline: 3600,
    });
    await expect(yamlOf([job], "prod")).toMatchFileSnapshot(
      join(import.meta.dirname, "../../fixtures/kube/training-bucket.yaml"),
    );
    const { containers } = (job as unknown as { spec: { template: { spec: { containers: object[] } } } }).spec.template
      .spec;
    expect(JSON.stringify(containers)).not.toContain("keys");
  });
});
