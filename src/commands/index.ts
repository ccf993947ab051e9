import type { Command } from "./command.js";

export interface CommandEntry {
  name: string;
  summary: string;
  group: "start" | "run" | "watch" | "manage" | "tools";
  /** Not shown in `--help`: processes that iapp starts for itself. */
  hidden?: boolean;
  load: () => Promise<{ default: Command }>;
}

export const GROUPS: Record<CommandEntry["group"], string> = {
  start: "Start here",
  run: "Train and serve",
  watch: "Watch",
  manage: "Manage",
  tools: "Tools",
};

/** Every command. Loading this table loads nothing else: `iapp --help` must stay fast. */
export const COMMANDS: CommandEntry[] = [
  {
    name: "init",
    summary: "start a project from a template, or adopt a folder with notebooks",
    group: "start",
    load: () => import("./init.js"),
  },
  {
    name: "check",
    summary: "look at a notebook without running it: what is served, what each cell is for",
    group: "start",
    load: () => import("./check.js"),
  },
  {
    name: "deploy",
    summary: "train, prove, start and answer an example; print the URL",
    group: "run",
    load: () => import("./deploy.js"),
  },
  {
    name: "train",
    summary: "run the notebook as a training job and write a proved bundle",
    group: "run",
    load: () => import("./train.js"),
  },
  {
    name: "rollout",
    summary: "bring a new version up beside the old one and move requests step by step",
    group: "run",
    load: () => import("./rollout.js"),
  },
  {
    name: "rollback",
    summary: "give all requests back to an earlier version",
    group: "run",
    load: () => import("./rollback.js"),
  },
  {
    name: "schedule",
    summary: "train an app on a cluster anew by the clock, and roll out the result",
    group: "run",
    load: () => import("./schedule.js"),
  },
  {
    name: "predict",
    summary: "send rows to the running service",
    group: "run",
    load: () => import("./predict.js"),
  },
  {
    name: "bundle",
    summary: "show what a bundle serves, compare two",
    group: "run",
    load: () => import("./bundle.js"),
  },
  {
    name: "explain",
    summary: "say why a cell is in the service or not, and what a column is for",
    group: "run",
    load: () => import("./explain.js"),
  },
  {
    name: "build",
    summary: "make a container image of a proved bundle, without Docker",
    group: "run",
    load: () => import("./build.js"),
  },
  {
    name: "deps",
    summary: "what the notebooks need: declared, imported, missing; add, remove, lock",
    group: "manage",
    load: () => import("./deps.js"),
  },
  {
    name: "images",
    summary: "list the images that were built, look into one, free space",
    group: "manage",
    load: () => import("./images.js"),
  },
  {
    name: "logs",
    summary: "training, scoring and router logs in one stream",
    group: "watch",
    load: () => import("./logs.js"),
  },
  {
    name: "status",
    summary: "what runs, where, since when, and how it is",
    group: "watch",
    load: () => import("./status.js"),
  },
  {
    name: "exec",
    summary: "run a command where a version runs: in its pod, or in its environment here",
    group: "watch",
    load: () => import("./exec.js"),
  },
  { name: "restart", summary: "start the running version anew", group: "manage", load: () => import("./restart.js") },
  { name: "stop", summary: "stop serving, keep everything", group: "manage", load: () => import("./stop.js") },
  {
    name: "delete",
    summary: "stop and remove an app, leaving nothing behind",
    group: "manage",
    load: () => import("./delete.js"),
  },
  {
    name: "_job",
    summary: "train in a container",
    group: "tools",
    hidden: true,
    load: () => import("./job.js"),
  },
  {
    name: "_supervise",
    summary: "keep an app's processes running",
    group: "tools",
    hidden: true,
    load: () => import("./supervise.js"),
  },
  {
    name: "_router",
    summary: "route an app's requests",
    group: "tools",
    hidden: true,
    load: () => import("./router.js"),
  },
  {
    name: "_cluster-router",
    summary: "route an app's requests on a cluster",
    group: "tools",
    hidden: true,
    load: () => import("./cluster-router.js"),
  },
  {
    name: "_cluster-rollout",
    summary: "drive an app's rollout on a cluster",
    group: "tools",
    hidden: true,
    load: () => import("./cluster-rollout.js"),
  },
  {
    name: "_cluster-retrain",
    summary: "train an app anew on a cluster",
    group: "tools",
    hidden: true,
    load: () => import("./cluster-retrain.js"),
  },
  {
    name: "_cluster-data",
    summary: "copy data from buckets on a cluster",
    group: "tools",
    hidden: true,
    load: () => import("./cluster-data.js"),
  },
  {
    name: "_rollout",
    summary: "drive an app's rollout",
    group: "tools",
    hidden: true,
    load: () => import("./rollout-driver.js"),
  },
  {
    name: "_keep",
    summary: "run one program and write its log",
    group: "tools",
    hidden: true,
    load: () => import("./keep.js"),
  },
  {
    name: "render",
    summary: "the objects of an app on a cluster as YAML, for GitOps",
    group: "manage",
    load: () => import("./render.js"),
  },
  {
    name: "scale",
    summary: "run as many pods of an app on a cluster as you say",
    group: "manage",
    load: () => import("./scale.js"),
  },
  {
    name: "target",
    summary: "clusters on which apps run: add, list, choose, check, remove",
    group: "manage",
    load: () => import("./target.js"),
  },
  {
    name: "doctor",
    summary: "find what is wrong on this machine and mend it",
    group: "tools",
    load: () => import("./doctor.js"),
  },
  {
    name: "completion",
    summary: "shell completion for bash, zsh or fish",
    group: "tools",
    load: () => import("./completion.js"),
  },
];
