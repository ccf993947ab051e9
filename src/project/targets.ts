import { readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../core/errors.js";
import type { Context } from "../core/events.js";
import { readJson, writeFileAtomic, writeJson } from "../core/fs.js";
import { nearest } from "../core/near.js";
import { ensureState, type ProjectLayout } from "./layout.js";

/** A place on a cluster where apps run. Credentials are where the kubeconfig and the registry's own files keep them, never here. */
export interface Target {
  name: string;
  /** Absolute path; null in a pod of the cluster itself, which has an account of its own. */
  kubeconfig: string | null;
  context: string;
  namespace: string;
  /** Where images are pushed from here: `registry.example/team`. */
  registry: string;
  /** The same place under the name by which nodes pull, where that is another one. */
  registry_for_nodes: string | null;
  /** And the name by which programs in pods push to it. */
  registry_for_pods: string | null;
  /** Base image of scoring and training; null: the official one. */
  base: string | null;
  /** Base image of iapp itself; null: the official one. */
  tool_base: string | null;
  platform: "linux/amd64" | "linux/arm64";
  /** Secrets of the namespace with which nodes pull images. */
  pull_secrets: string[];
  /** Secret of the namespace (`kubernetes.io/dockerconfigjson`) with which training jobs push. */
  push_secret: string | null;
  /** Registries that are spoken to without TLS. */
  insecure: string[];
}

interface TargetsFile {
  schema: "iapp.targets/1";
  targets: Target[];
}

/** The word for this machine, which is a target without a name. */
export const LOCAL = "local";

/** Of the person, not of a project: kubeconfigs are personal. */
export function targetsFile(env: Context["env"]): string {
  return join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? homedir(), ".config"), "iapp", "targets.json");
}

export async function readTargets(env: Context["env"]): Promise<Target[]> {
  return (await readJson<TargetsFile>(targetsFile(env)))?.targets ?? [];
}

export async function writeTargets(env: Context["env"], targets: readonly Target[]): Promise<void> {
  const sorted = [...targets].sort((a, b) => a.name.localeCompare(b.name));
  await writeJson(targetsFile(env), { schema: "iapp.targets/1", targets: sorted });
}

export async function findTarget(env: Context["env"], name: string): Promise<Target> {
  const targets = await readTargets(env);
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  const names = targets.map((target) => target.name);
  const near = nearest(name, names);
  throw new UserError("IAPP_TARGET_UNKNOWN", `there is no target ${name}`, {
    remedy:
      names.length === 0
        ? `Add it: iapp target add ${name} --context CONTEXT --namespace NAMESPACE --registry REGISTRY/TEAM`
        : near.length > 0
          ? `Did you mean ${near.join(" or ")}?`
          : `There is: ${names.join(", ")}.`,
  });
}

const chosenFile = (layout: ProjectLayout): string => join(layout.state, "target");

/** The target that the project's commands use unless another one is named; null: this machine. */
export async function chosenTarget(layout: ProjectLayout): Promise<string | null> {
  const text = await readFile(chosenFile(layout), "utf8").catch(() => "");
  return text.trim() === "" ? null : text.trim();
}

export async function chooseTarget(layout: ProjectLayout, name: string | null): Promise<void> {
  if (name === null) return rm(chosenFile(layout), { force: true });
  await ensureState(layout);
  await writeFileAtomic(chosenFile(layout), `${name}\n`);
}

/** What a command works on: the named target, else the project's. Null: this machine. */
export async function resolveTarget(
  env: Context["env"],
  layout: ProjectLayout,
  named: string | undefined,
): Promise<Target | null> {
  const name = named ?? (await chosenTarget(layout)) ?? LOCAL;
  return name === LOCAL ? null : findTarget(env, name);
}

/** An image as nodes name it. */
export function forNodes({ registry, registry_for_nodes }: Target, image: string): string {
  return registry_for_nodes === null ? image : moved(image, registry, registry_for_nodes);
}

/** The same place as programs in pods name it. */
export function forPods({ registry, registry_for_pods }: Target, image: string): string {
  return registry_for_pods === null ? image : moved(image, registry, registry_for_pods);
}

/** What an image that nodes pull is called where this target's registry is spoken to. */
export function fromNodes({ registry, registry_for_nodes }: Target, image: string): string {
  return registry_for_nodes === null ? image : moved(image, registry_for_nodes, registry);
}

/** The target as a program in one of its pods sees it: the pod's own account, and the registry by the name that pods use. */
export function insideTarget(target: Target): Target {
  const { registry, registry_for_nodes, registry_for_pods, insecure } = target;
  return {
    ...target,
    kubeconfig: null,
    registry: registry_for_pods ?? registry,
    registry_for_nodes: registry_for_nodes ?? registry,
    registry_for_pods: null,
    // A name of the cluster's own has no certificate that anybody knows.
    insecure: registry_for_pods === null ? insecure : [...insecure, registry_for_pods.split("/")[0]!],
  };
}

function moved(image: string, from: string, to: string): string {
  return image.startsWith(`${from}/`) ? `${to}${image.slice(from.length)}` : image;
}
