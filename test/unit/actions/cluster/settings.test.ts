import { describe, expect, it } from "vitest";
import { jobSettings, parseAutoscale, wantedSettings } from "../../../../src/actions/cluster/settings.js";
import { splitWords } from "../../../../src/actions/exec/index.js";
import { newApp } from "../../../../src/kube/app-state.js";
import { fromNodes, insideTarget, type Target } from "../../../../src/project/targets.js";

const TARGET: Target = {
  name: "prod",
  kubeconfig: "/k",
  context: "c",
  namespace: "n",
  registry: "localhost:5000/team",
  registry_for_nodes: null,
  registry_for_pods: "registry.inside:5000/team",
  base: null,
  tool_base: null,
  platform: "linux/amd64",
  pull_secrets: ["pull"],
  push_secret: null,
  insecure: [],
};

describe("what is said of how pods run", () => {
  it.each([
    ["gpu=yes:NoSchedule", { key: "gpu", operator: "Equal", value: "yes", effect: "NoSchedule" }],
    ["gpu:NoExecute", { key: "gpu", operator: "Exists", effect: "NoExecute" }],
    ["spot", { key: "spot", operator: "Exists" }],
  ])("tolerates the taint %s", (text, wanted) => {
    expect(jobSettings({ tolerations: [text] }, TARGET).source.tolerations).toEqual([wanted]);
  });

  it("refuses what is no taint", () => {
    expect(() => jobSettings({ tolerations: ["gpu=yes:Never"] }, TARGET)).toThrow("--toleration gpu=yes:Never is not");
  });

  it("is a range for an autoscaler, kept until something else is said, and no number beside it", () => {
    expect(parseAutoscale("2..10", undefined)).toEqual({ min: 2, max: 10, cpu: 70 });
    for (const text of ["0..3", "5..2", "2", "a..b"]) expect(() => parseAutoscale(text, "70")).toThrow(text);
    expect(() => parseAutoscale("1..2", "many")).toThrow("--cpu-target many");
    const autoscale = { min: 2, max: 10, cpu: 60 };
    const { settings } = wantedSettings(null, { autoscale }, TARGET, "iapp");
    const app = newApp("churn", settings);
    expect(wantedSettings(app, {}, TARGET, "iapp").settings).toEqual(settings);
    expect(() => wantedSettings(app, { replicas: 3 }, TARGET, "iapp")).toThrow("2 to 10 at 60 %");
    const fixed = wantedSettings(app, { replicas: 3, autoscale: null }, TARGET, "iapp").settings;
    expect(fixed).toMatchObject({ replicas: 3 });
    expect(fixed).not.toHaveProperty("autoscale");
  });
});

describe("a target inside of its cluster", () => {
  it("speaks with the registry by the pods' name, and names images as nodes do", () => {
    const inside = insideTarget(TARGET);
    expect(inside).toMatchObject({ kubeconfig: null, registry: "registry.inside:5000/team" });
    expect(inside.insecure).toEqual(["registry.inside:5000"]);
    expect(fromNodes(inside, "localhost:5000/team/churn@sha256:aa")).toBe("registry.inside:5000/team/churn@sha256:aa");
    expect(JSON.stringify(inside)).not.toContain("/k");
  });
});

describe("the words of a command that is run in an app", () => {
  it("begin with an app where there is one of that name", () => {
    expect(splitWords(["churn", "ls", "-l"], ["churn"])).toEqual({ name: "churn", command: ["ls", "-l"] });
    expect(splitWords(["ls", "-l"], ["churn"])).toEqual({ name: undefined, command: ["ls", "-l"] });
    expect(() => splitWords(["churn"], ["churn"])).toThrow("it is not said what shall be run");
  });
});
