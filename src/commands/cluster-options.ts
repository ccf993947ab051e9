import type { SettingsInput } from "../actions/cluster/settings.js";
import { UserError } from "../core/errors.js";
import type { Host } from "../core/host.js";
import { findProject } from "../project/layout.js";
import type { Target } from "../project/targets.js";
import type { CommandInput, OptionSpec } from "./command.js";

/** Of every command that works on an app. */
export const TARGET_OPTION: OptionSpec = {
  flags: "--target <name>",
  summary: "where: a target of `iapp target list`, or `local` (default: this machine, or what `iapp target use` says)",
};

/** How pods are run; kept until something else is said. */
export const CLUSTER_OPTIONS: OptionSpec[] = [
  { flags: "--replicas <number>", summary: "cluster: pods of the service (default: 2)" },
  { flags: "--autoscale <range>", summary: "cluster: count them by load instead: 2..10; none: no more" },
  {
    flags: "--cpu-target <percent>",
    summary: "cluster: of their processor share at which there are more (default: 70)",
  },
  {
    flags: "--network-policy <who>",
    summary: "cluster: who reaches the service: routers; closed: and it reaches nothing itself; none",
    choices: ["routers", "closed", "none"],
  },
  { flags: "--cpu <quantity>", summary: "cluster: processor share that each pod asks for: 500m, 2" },
  { flags: "--memory <quantity>", summary: "cluster: memory that each pod asks for, and its limit: 512Mi, 2Gi" },
  {
    flags: "--expose <how>",
    summary: "cluster: none, nodeport, loadbalancer, ingress:HOST[,CLASS], gateway:HOST,GATEWAY",
  },
  { flags: "--env <name=value>", summary: "cluster: variable of the service (repeatable)", collect: true },
  {
    flags: "--env-from <where>",
    summary: "cluster: variables from secret/NAME or configmap/NAME, by reference (repeatable)",
    collect: true,
  },
  {
    flags: "--node-selector <label=value>",
    summary: "cluster: only nodes with this label (repeatable)",
    collect: true,
  },
  {
    flags: "--toleration <taint>",
    summary: "cluster: also nodes with this taint: gpu=yes:NoSchedule (repeatable)",
    collect: true,
  },
];

/** Where and how a notebook is trained that goes to a cluster. */
export const TRAIN_ON_OPTIONS: OptionSpec[] = [
  {
    flags: "--train-on <where>",
    summary: "cluster: train here, or in a job there (default: local)",
    choices: ["local", "cluster"],
  },
  { flags: "--train-cpu <quantity>", summary: "cluster: processor share of the training job" },
  { flags: "--train-memory <quantity>", summary: "cluster: memory of the training job" },
  { flags: "--gpu <number>", summary: "cluster: graphics cards of the training job" },
  {
    flags: "--data <source=path>",
    summary:
      "cluster: what the training job finds in a folder of the project: pvc:CLAIM[:/FOLDER]=data, or a copy of s3://BUCKET[/PREFIX]=data; where the prefix is one object's key, that file (repeatable)",
    collect: true,
  },
  {
    flags: "--data-secret <name>",
    summary:
      "cluster: Secret for s3 data: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY; as needed AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3",
  },
];

/** The target that a command line names or the project has chosen; null: this machine. */
export async function targetOf(host: Host, { options }: CommandInput, from = host.cwd): Promise<Target | null> {
  const { resolveTarget } = await import("../project/targets.js");
  return resolveTarget(host.env, await findProject(from), options.target as string | undefined);
}

export async function settingsInput({ options }: CommandInput): Promise<SettingsInput> {
  const { parseAutoscale, parseExpose } = await import("../actions/cluster/settings.js");
  const [autoscale, cpuTarget] = [options.autoscale as string | undefined, options.cpuTarget as string | undefined];
  if (cpuTarget !== undefined && autoscale === undefined) {
    throw new UserError("IAPP_CLI_AUTOSCALE", "--cpu-target goes with --autoscale", {
      remedy: "Say how many pods, too: --autoscale 2..10",
    });
  }
  const network = options.networkPolicy as "routers" | "closed" | "none" | undefined;
  return {
    replicas: replicaCount(options.replicas as string | undefined),
    autoscale: autoscale === undefined ? undefined : autoscale === "none" ? null : parseAutoscale(autoscale, cpuTarget),
    network: network === "none" ? null : network,
    cpu: options.cpu as string | undefined,
    memory: options.memory as string | undefined,
    expose: parseExpose(options.expose as string | undefined),
    env: options.env as string[] | undefined,
    envFrom: options.envFrom as string[] | undefined,
    nodeSelector: options.nodeSelector as string[] | undefined,
    tolerations: options.toleration as string[] | undefined,
    data: options.data as string[] | undefined,
    dataSecret: options.dataSecret as string | undefined,
    trainCpu: options.trainCpu as string | undefined,
    trainMemory: options.trainMemory as string | undefined,
    gpus: replicaCount(options.gpu as string | undefined),
  };
}

export function replicaCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1) return count;
  throw new UserError("IAPP_CLI_NUMBER", `${text} is no number`, {
    remedy: "Give a whole number from 1; `iapp stop` ends all pods of an app.",
  });
}

/** @throws UserError where data were named for a job of the cluster, and none is to be trained there */
export function refuseData({ options }: CommandInput, there: boolean): void {
  if (there || (options.data === undefined && options.dataSecret === undefined)) return;
  throw new UserError("IAPP_CLI_DATA", "--data is for a training job of the cluster, and none is wanted", {
    remedy: "Have the notebook trained there: --train-on cluster",
  });
}

/** @throws UserError where a flag was given that means nothing on the chosen side */
export function refuseFlags({ options }: CommandInput, target: Target | null): void {
  if (target !== null && options.port !== undefined) {
    throw new UserError("IAPP_CLI_PORT", "--port is for this machine; an app on a cluster is reached otherwise", {
      remedy: "Use --expose, or `iapp predict`, which needs nothing.",
    });
  }
  if (target !== null) return;
  const only = ["replicas", "cpu", "memory", "expose", "env", "envFrom", "nodeSelector", "toleration"].concat([
    "autoscale",
    "cpuTarget",
    "networkPolicy",
    "data",
    "dataSecret",
    "trainOn",
    "trainCpu",
    "trainMemory",
    "gpu",
  ]);
  const given = only.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  const flag = `--${given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new UserError("IAPP_CLI_TARGET", `${flag} is for clusters, and this goes to this machine`, {
    remedy: "Name a target with --target.",
  });
}
