import { resolve } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exists } from "../../core/fs.js";
import { parseReference } from "../../image/reference.js";
import { listApps } from "../../kube/app-store.js";
import { Connection } from "../../kube/client/connection.js";
import { findProject } from "../../project/layout.js";
import {
  chooseTarget,
  chosenTarget,
  findTarget,
  LOCAL,
  readTargets,
  type Target,
  writeTargets,
} from "../../project/targets.js";
import { onTarget } from "../cluster/access.js";

export interface TargetInput {
  name: string;
  kubeconfig: string | undefined;
  context: string | undefined;
  namespace: string | undefined;
  registry: string | undefined;
  registryForNodes: string | undefined;
  registryForPods: string | undefined;
  base: string | undefined;
  toolBase: string | undefined;
  platform: Target["platform"] | undefined;
  pullSecrets: string[] | undefined;
  pushSecret: string | undefined;
  insecure: string[] | undefined;
}

export interface TargetView extends Target {
  /** Used by this project's commands unless another one is named. */
  chosen: boolean;
}

/** Adds a target, or changes what is given of the one of that name. */
export async function addTarget(ctx: Context, input: TargetInput): Promise<Target> {
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(input.name) || input.name === LOCAL) {
    throw new UserError("IAPP_TARGET_NAME", `${input.name} cannot be the name of a target`, {
      remedy: `Use lower case letters, digits and inner hyphens, at most 40; ${LOCAL} is this machine.`,
    });
  }
  const targets = await readTargets(ctx.env);
  const before = targets.find(({ name }) => name === input.name);
  const kubeconfig = await kubeconfigOf(ctx, input.kubeconfig ?? before?.kubeconfig ?? undefined);
  const contexts = Connection.contexts(kubeconfig);
  const context = input.context ?? before?.context ?? contexts[0];
  if (context === undefined || !contexts.includes(context)) {
    throw new UserError("IAPP_KUBE_CONTEXT", `${kubeconfig} has no context ${context ?? ""}`.trimEnd(), {
      remedy: contexts.length === 0 ? "It has none at all." : `It has: ${contexts.join(", ")}.`,
    });
  }
  const registry = input.registry ?? before?.registry;
  if (registry === undefined) {
    throw new UserError("IAPP_TARGET_REGISTRY", "it is not said where images of this target are pushed", {
      remedy: "Give --registry registry.example/team.",
    });
  }
  const target: Target = {
    name: input.name,
    kubeconfig,
    context,
    namespace: namespaceName(input.namespace ?? before?.namespace ?? "default"),
    registry: place(registry, "--registry"),
    registry_for_nodes: optional(input.registryForNodes, before?.registry_for_nodes, "--registry-for-nodes"),
    registry_for_pods: optional(input.registryForPods, before?.registry_for_pods, "--registry-for-pods"),
    base: input.base ?? before?.base ?? null,
    tool_base: input.toolBase ?? before?.tool_base ?? null,
    platform: input.platform ?? before?.platform ?? "linux/amd64",
    pull_secrets: input.pullSecrets ?? before?.pull_secrets ?? [],
    push_secret: input.pushSecret ?? before?.push_secret ?? null,
    insecure: input.insecure ?? before?.insecure ?? [],
  };
  await writeTargets(ctx.env, [...targets.filter(({ name }) => name !== input.name), target]);
  return target;
}

export async function listTargets(ctx: Context): Promise<TargetView[]> {
  const chosen = await chosenTarget(await findProject(ctx.cwd));
  return (await readTargets(ctx.env)).map((target) => ({ ...target, chosen: target.name === chosen }));
}

/** Makes a target the project's own. @param name `local` for this machine */
export async function useTarget(ctx: Context, name: string): Promise<void> {
  if (name !== LOCAL) await findTarget(ctx.env, name);
  await chooseTarget(await findProject(ctx.cwd), name === LOCAL ? null : name);
}

/** Forgets a target. What runs there goes on running; that is said. */
export async function removeTarget(ctx: Context, name: string): Promise<{ apps: string[] | null }> {
  const target = await findTarget(ctx.env, name);
  const impatient = { ...ctx, signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(5000)]) };
  const apps = await onTarget(impatient, target, listApps).then(
    (found) => found.map((app) => app.name),
    () => null,
  );
  await writeTargets(
    ctx.env,
    (await readTargets(ctx.env)).filter((other) => other.name !== name),
  );
  const layout = await findProject(ctx.cwd);
  if ((await chosenTarget(layout)) === name) await chooseTarget(layout, null);
  return { apps };
}

/** The named file, else `KUBECONFIG` (its first file), else the usual place. */
async function kubeconfigOf(ctx: Context, given: string | undefined): Promise<string> {
  const usual = `${ctx.env.HOME ?? ""}/.kube/config`;
  const path = resolve(ctx.cwd, given ?? ctx.env.KUBECONFIG?.split(":")[0] ?? usual);
  if (await exists(path)) return path;
  throw new UserError("IAPP_KUBE_CONFIG", `there is no kubeconfig ${path}`, { remedy: "Name it with --kubeconfig." });
}

function namespaceName(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new UserError("IAPP_TARGET_NAMESPACE", `${text} is no name of a namespace`);
}

/** `registry.example/team`: checked as the beginning of an image's name. */
function place(text: string, flag: string): string {
  const clean = text.replace(/\/+$/, "");
  const { registry, repository } = parseReference(`${clean}/app`);
  if (`${registry}/${repository}` === `${clean}/app`) return clean;
  throw new UserError("IAPP_TARGET_REGISTRY", `${flag} ${text} does not begin with the address of a registry`, {
    remedy: "Write it as registry.example/team.",
  });
}

const optional = (given: string | undefined, before: string | null | undefined, flag: string): string | null =>
  given === undefined ? (before ?? null) : place(given, flag);
