import type { TargetCheck } from "../actions/target/check.js";
import type { TargetInput, TargetView } from "../actions/target/index.js";
import type { Host } from "../core/host.js";
import { table } from "../ui/table.js";
import { type CommandInput, defineCommand } from "./command.js";

const NAME = { name: "<name>", summary: "name of the target" };

export default defineCommand({
  summary: "clusters on which apps run: add, list, choose, check, remove",
  description:
    "A target is a namespace of a cluster, reached by a context of a kubeconfig, and a registry for its images. Every command that works on this machine works there with --target NAME. Targets are yours, not the project's; credentials stay where kubeconfig and registry keep them.",
  examples: [
    "iapp target add prod --context prod-eu --namespace churn --registry registry.example/team",
    "iapp target check prod",
    "iapp target use prod",
    "iapp deploy churn.ipynb --target prod",
  ],
  subcommands: {
    add: {
      summary: "add a target, or change one",
      arguments: [NAME],
      options: [
        { flags: "--kubeconfig <file>", summary: "default: $KUBECONFIG, else ~/.kube/config" },
        { flags: "--context <name>", summary: "context of the kubeconfig (default: its current one)" },
        { flags: "--namespace <name>", summary: "where apps go; it must exist (default: default)" },
        { flags: "--registry <place>", summary: "where images are pushed: registry.example/team" },
        { flags: "--registry-for-nodes <place>", summary: "the same place as nodes name it, where that differs" },
        { flags: "--registry-for-pods <place>", summary: "the same place as programs in pods name it" },
        { flags: "--base <image>", summary: "base image for scoring and training" },
        { flags: "--tool-base <image>", summary: "base image for iapp's own parts" },
        { flags: "--platform <platform>", summary: "what its nodes are", choices: ["linux/amd64", "linux/arm64"] },
        { flags: "--pull-secret <name>", summary: "Secret with which nodes pull images (repeatable)", collect: true },
        { flags: "--push-secret <name>", summary: "Secret with which training jobs push" },
        { flags: "--insecure <registry>", summary: "speak plain HTTP with this registry (repeatable)", collect: true },
      ],
      examples: [
        "iapp target add prod --context prod-eu --namespace churn --registry registry.example/team",
        "iapp target add prod --base registry.example/mirror/python:3.11-slim",
      ],
      async run(input, host) {
        const { addTarget } = await import("../actions/target/index.js");
        const target = await addTarget(host, targetInput(input));
        const { name, context, namespace, registry } = target;
        host.result({ schema: "iapp.target/1", ...target }, () =>
          [
            `${host.style.bold(name)}: context ${context}, namespace ${namespace}, images in ${registry}`,
            `  see how it is: ${host.style.cyan(`iapp target check ${name}`)}`,
          ].join("\n"),
        );
        return 0;
      },
    },
    list: {
      summary: "all targets",
      examples: ["iapp target list", "iapp target list --json"],
      async run(_input, host) {
        const { listTargets } = await import("../actions/target/index.js");
        const targets = await listTargets(host);
        host.result({ schema: "iapp.targets/1", targets }, () => listText(targets, host));
        return 0;
      },
    },
    use: {
      summary: "let this project's commands go there unless told otherwise",
      arguments: [{ name: "<name>", summary: "name of the target, or `local` for this machine" }],
      examples: ["iapp target use prod", "iapp target use local"],
      async run(input, host) {
        const { useTarget } = await import("../actions/target/index.js");
        const name = input.args[0]!;
        await useTarget(host, name);
        host.result({ schema: "iapp.target-use/1", target: name }, `commands of this project go to ${name} now`);
        return 0;
      },
    },
    check: {
      summary: "is it reachable, and may we do what is needed? Changes nothing",
      arguments: [NAME],
      options: [{ flags: "--role", summary: "print a Role with exactly the rights that iapp needs" }],
      examples: ["iapp target check prod", "iapp target check prod --role | kubectl apply -f -"],
      async run(input, host) {
        const [{ checkTarget }, { findTarget }] = await Promise.all([
          import("../actions/target/check.js"),
          import("../project/targets.js"),
        ]);
        const target = await findTarget(host.env, input.args[0]!);
        const result = await checkTarget(host, target);
        const isWell = result.findings.every(({ level }) => level !== "fail");
        if (input.options.role === true) {
          host.result({ schema: "iapp.role/1", role: result.role }, result.role);
          return 0;
        }
        const findings = result.findings.map(({ fix: _fix, ...finding }) => finding);
        const document = { schema: "iapp.target-check/1", target: target.name, ok: isWell, findings };
        host.result(document, () => checkText(result, host));
        return isWell ? 0 : 1;
      },
    },
    remove: {
      summary: "forget a target; what runs there goes on",
      arguments: [NAME],
      examples: ["iapp target remove prod"],
      async run(input, host) {
        const { removeTarget } = await import("../actions/target/index.js");
        const name = input.args[0]!;
        const { apps } = await removeTarget(host, name);
        const left = apps === null || apps.length === 0 ? "" : `; there still runs: ${apps.join(", ")}`;
        host.result({ schema: "iapp.target-remove/1", target: name, apps }, `${name} is forgotten${left}`);
        return 0;
      },
    },
  },
});

function targetInput({ args, options }: CommandInput): TargetInput {
  const text = (name: string): string | undefined => options[name] as string | undefined;
  return {
    name: args[0]!,
    kubeconfig: text("kubeconfig"),
    context: text("context"),
    namespace: text("namespace"),
    registry: text("registry"),
    registryForNodes: text("registryForNodes"),
    registryForPods: text("registryForPods"),
    base: text("base"),
    toolBase: text("toolBase"),
    platform: text("platform") as TargetInput["platform"],
    pullSecrets: options.pullSecret as string[] | undefined,
    pushSecret: text("pushSecret"),
    insecure: options.insecure as string[] | undefined,
  };
}

function listText(targets: readonly TargetView[], host: Host): string {
  if (targets.length === 0) return "no target yet; add one with `iapp target add`";
  const rows = targets.map(({ name, chosen, context, namespace, registry }) => [
    chosen ? `${name} *` : name,
    context,
    namespace,
    registry,
  ]);
  return table(["TARGET", "CONTEXT", "NAMESPACE", "REGISTRY"], rows, host.columns);
}

function checkText({ findings }: TargetCheck, { style }: Host): string {
  const wide = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, level, text, remedy }) => {
      const mark = level === "ok" ? style.green("ok  ") : level === "warn" ? style.yellow("warn") : style.red("fail");
      const head = `${mark}  ${check.padEnd(wide)}  ${text}`;
      return remedy === null ? [head] : [head, `${" ".repeat(wide + 8)}${style.cyan("→")} ${remedy}`];
    })
    .join("\n");
}
