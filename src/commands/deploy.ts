import { basename, dirname, resolve } from "node:path";
import type { ClusterDeployResult } from "../actions/cluster/deploy.js";
import type { Candidate } from "../actions/deploy/candidate.js";
import type { DeployResult } from "../actions/deploy/index.js";
import { projectConfig } from "../config/index.js";
import type { Context } from "../core/events.js";
import type { Host } from "../core/host.js";
import { findProject, type ProjectLayout } from "../project/layout.js";
import type { Target } from "../project/targets.js";
import {
  CLUSTER_OPTIONS,
  refuseData,
  refuseFlags,
  settingsInput,
  TARGET_OPTION,
  TRAIN_ON_OPTIONS,
  targetOf,
} from "./cluster-options.js";
import { type CommandInput, defineCommand } from "./command.js";
import { TRAIN_OPTIONS, trainInput } from "./train.js";

/** Files of a project that go to a cluster in an image; more than that belongs in a store of its own. */
export const LARGEST_PROJECT = 500e6;

export default defineCommand({
  summary: "train, prove, start and answer an example; print the URL",
  description:
    "Trains the notebook unless nothing has changed, proves that the service computes what the notebook computes, starts it on this machine beside what runs, and moves the requests over when it answers the example rows. A bundle folder is deployed as it is.",
  arguments: [{ name: "<notebook>", summary: "the notebook; or a bundle: its folder, or the beginning of its digest" }],
  options: [
    { flags: "--name <name>", summary: "name of the app (default: the notebook's file name)" },
    { flags: "--port <port>", summary: "listen on this port (default: a free one, then always the same)" },
    { flags: "--dry-run", summary: "only say what would be done" },
    TARGET_OPTION,
    ...CLUSTER_OPTIONS,
    ...TRAIN_ON_OPTIONS,
    ...TRAIN_OPTIONS,
  ],
  examples: [
    "iapp deploy churn.ipynb",
    "iapp deploy churn.ipynb --name churn-eu --port 8200 -p region=EU",
    "iapp deploy .iapp/bundles/3f2a91…",
    "iapp deploy churn.ipynb --target prod --replicas 3 --memory 1Gi",
  ],
  async run(input, host) {
    const [{ deploy }, { parsePort }] = await Promise.all([
      import("../actions/deploy/index.js"),
      import("../actions/apps/port.js"),
    ]);
    const given = input.args[0]!;
    const notebook = given.endsWith(".ipynb") ? resolve(host.cwd, given) : null;
    const layout = await findProject(notebook === null ? host.cwd : dirname(notebook));
    const { config } = await projectConfig(layout.root);
    const port = parsePort(input.options.port as string | undefined) ?? config.port;
    const { name, isBundle, prepare } = await candidateOf(host, layout, input, config.name);
    const target = await targetOf(host, input, layout.root);
    refuseFlags(input, target);
    if (target !== null) {
      const there = input.options.trainOn === "cluster" && notebook !== null;
      refuseData(input, there);
      const train = there ? await trainThere(layout, target, notebook, name, input) : prepare;
      return onCluster(host, layout, target, { input, name, source: given, prepare: train });
    }
    if (input.options.dryRun === true) return dryRun(host, layout, { name, given, isBundle, port });
    const result = await deploy(host, { layout, name, source: given, port, prepare });
    host.result(result, () => text(result, host));
    return 0;
  },
});

/** What the first argument names: the app, and how its next version is come by. */
export async function candidateOf(
  host: Host,
  layout: ProjectLayout,
  input: CommandInput,
  configured: string | undefined,
): Promise<{ name: string; isBundle: boolean; prepare: (ctx: Context) => Promise<Candidate> }> {
  const { appName } = await import("../actions/deploy/index.js");
  const given = input.args[0]!;
  const notebook = given.endsWith(".ipynb") ? resolve(host.cwd, given) : null;
  const asked = (input.options.name as string | undefined) ?? (notebook === null ? undefined : configured);
  const bundle = notebook === null ? await findGiven(host, layout, given) : null;
  const name = appName(asked, bundle?.name ?? basename(given, ".ipynb"));
  const prepare =
    bundle === null
      ? (ctx: Context) => notebookCandidate(ctx, notebook!, input, name)
      : (ctx: Context) => bundleCandidate(ctx, layout, bundle.dir, input);
  return { name, isBundle: bundle !== null, prepare };
}

/** A bundle by its folder or the beginning of its digest. */
async function findGiven(host: Host, layout: ProjectLayout, given: string): Promise<{ dir: string; name: string }> {
  const { findBundle, readBundle } = await import("../actions/bundle/index.js");
  const dir = await findBundle(host.cwd, layout, given);
  return { dir, name: (await readBundle(dir)).index.name };
}

async function notebookCandidate(ctx: Context, path: string, input: CommandInput, name: string): Promise<Candidate> {
  const [{ train }, { fromTraining }] = await Promise.all([
    import("../actions/train/index.js"),
    import("../actions/deploy/candidate.js"),
  ]);
  return fromTraining(await train(ctx, trainInput(path, input, name)));
}

async function bundleCandidate(
  ctx: Context,
  layout: ProjectLayout,
  path: string,
  input: CommandInput,
): Promise<Candidate> {
  const [{ readBundle }, { fromBundle }, { pythonForBundle }] = await Promise.all([
    import("../actions/bundle/index.js"),
    import("../actions/deploy/candidate.js"),
    import("../actions/deploy/bundle-python.js"),
  ]);
  const { index } = await readBundle(path);
  const python = await pythonForBundle(ctx, layout, path, input.options.python as string | undefined);
  return fromBundle(path, index.digest, python);
}

export async function trainThere(
  layout: ProjectLayout,
  target: Target,
  notebook: string,
  name: string,
  input: CommandInput,
): Promise<(ctx: Context) => Promise<Candidate>> {
  const { trainOnCluster } = await import("../actions/cluster/train.js");
  const [settings, train] = [await settingsInput(input), trainInput(notebook, input, name)];
  return (ctx) => trainOnCluster(ctx, { layout, target, name, train, settings, maxBytes: LARGEST_PROJECT });
}

async function onCluster(
  host: Host,
  layout: ProjectLayout,
  target: Target,
  {
    input,
    ...what
  }: { input: CommandInput; name: string; source: string; prepare: (ctx: Context) => Promise<Candidate> },
): Promise<number> {
  const { deployToCluster, planClusterDeploy } = await import("../actions/cluster/deploy.js");
  const settings = await settingsInput(input);
  if (input.options.dryRun === true) {
    const plan = await planClusterDeploy(host, { layout, target, settings, ...what });
    host.result(plan, () => ["would", ...plan.steps.map((step) => `  - ${step}`)].join("\n"));
    return 0;
  }
  const result = await deployToCluster(host, { layout, target, settings, ...what });
  host.result(result, () => clusterText(result, host));
  return 0;
}

function clusterText(result: ClusterDeployResult, host: Host): string {
  const { style } = host;
  const { name, version, target, namespace, url, changed, replaced, example } = result;
  const where = `${target} (namespace ${namespace})`;
  const head = changed
    ? `${style.bold(`${name} ${version}`)} is running on ${where}: ${style.green(url)}${replaced === null ? "" : `  (${replaced} has ended)`}`
    : `nothing has changed: ${style.bold(`${name} ${version}`)} is running on ${where} already: ${style.green(url)}`;
  const answer = `the example row was answered with ${JSON.stringify(example.prediction)}, as by the notebook`;
  const times = Object.entries(result.seconds).map(([phase, seconds]) => `${phase} ${seconds.toFixed(1)} s`);
  const flag = ` --target ${target}`;
  const next = [`iapp predict ${name} --example${flag}`, `iapp logs ${name} -f${flag}`, `iapp status ${name}${flag}`];
  return [
    head,
    `  ${style.dim(answer)}`,
    `  ${style.dim(times.join(", "))}`,
    "",
    "next:",
    ...next.map((command) => `  ${style.cyan(command)}`),
  ].join("\n");
}

interface DryRun {
  name: string;
  given: string;
  isBundle: boolean;
  port: number | undefined;
}

async function dryRun(host: Host, layout: ProjectLayout, { name, given, isBundle, port }: DryRun): Promise<number> {
  const { describeDeploy } = await import("../actions/deploy/index.js");
  const plan = await describeDeploy(layout, name);
  const listen = port ?? plan.port;
  const steps = [
    isBundle
      ? `check that ${given} was proved`
      : `train ${given} and prove the result, or reuse it when nothing has changed`,
    `unless this very bundle serves already: start ${name} ${plan.version}${plan.replaces === null ? "" : ` beside ${plan.replaces}`}`,
    "wait until it answers the example rows as the notebook did",
    plan.replaces === null
      ? `listen on ${listen === null ? "a free port" : `port ${listen}`} of 127.0.0.1`
      : `move all requests from ${plan.replaces} to ${plan.version}, then end ${plan.replaces}`,
  ];
  const document = { schema: "iapp.deploy-plan/1", name, ...plan, port: listen, steps };
  host.result(document, () => ["would", ...steps.map((step) => `  - ${step}`)].join("\n"));
  return 0;
}

function text(result: DeployResult, host: Host): string {
  const { style } = host;
  const { name, version, url, changed, replaced, example } = result;
  const head = changed
    ? `${style.bold(`${name} ${version}`)} is running: ${style.green(url)}${replaced === null ? "" : `  (${replaced} has ended)`}`
    : `nothing has changed: ${style.bold(`${name} ${version}`)} is running already: ${style.green(url)}`;
  const answer = `the example row was answered with ${JSON.stringify(example.prediction)}, as by the notebook, in ${example.ms.toFixed(1)} ms`;
  const next = ["iapp predict --example", "iapp logs -f", "iapp status"];
  return [head, `  ${style.dim(answer)}`, "", "next:", ...next.map((command) => `  ${style.cyan(command)}`)].join("\n");
}
