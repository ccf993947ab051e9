import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { nearest } from "../../core/near.js";
import type { ClusterApp } from "../../kube/app-state.js";
import { listApps, readApp } from "../../kube/app-store.js";
import { appliedApp, appliedApps } from "../../kube/applied-app.js";
import { KubeApi } from "../../kube/client/api.js";
import { LONGEST_NAME } from "../../kube/manifests/index.js";
import type { Target } from "../../project/targets.js";

/** The API of a target, in its namespace. To be closed. */
export function openTarget(ctx: Pick<Context, "signal" | "emit">, target: Target): KubeApi {
  const { kubeconfig, context, namespace } = target;
  return new KubeApi(ctx, { kubeconfig, context, namespace });
}

/** Does `work` with the API of a target, and closes it. */
export async function onTarget<T>(
  ctx: Pick<Context, "signal" | "emit">,
  target: Target,
  work: (api: KubeApi) => Promise<T>,
): Promise<T> {
  const api = openTarget(ctx, target);
  try {
    return await work(api);
  } finally {
    api.close();
  }
}

/** The same for commands that only look: also an app of which only the objects are there, because others have applied them. */
export async function resolveSeenApp(api: KubeApi, target: Target, name: string | undefined): Promise<ClusterApp> {
  const deployed = name === undefined ? await listApps(api) : [];
  const applied = name === undefined && deployed.length === 0 ? await appliedApps(api, deployed) : [];
  const wanted = name ?? (applied.length === 1 ? applied[0] : undefined);
  if (wanted !== undefined && (await readApp(api, wanted)) === null) {
    const found = await appliedApp(api, wanted);
    if (found !== null) return found;
  }
  return resolveClusterApp(api, target, name);
}

/** The named app of the namespace, or its only one. @throws UserError also for an app that `iapp deploy` has not made */
export async function resolveClusterApp(api: KubeApi, target: Target, name: string | undefined): Promise<ClusterApp> {
  if (name !== undefined) {
    const app = await readApp(api, name);
    if (app !== null) return app;
    if ((await appliedApp(api, name)) !== null) throw appliedByOthers(name, target);
  }
  const apps = await listApps(api);
  if (name === undefined && apps.length === 1) return apps[0]!;
  const known = apps.map((app) => app.name);
  const where = `${target.name} (namespace ${target.namespace})`;
  if (known.length === 0) {
    throw new UserError("IAPP_APP_NONE", `${name ?? "nothing"} is not deployed on ${where}`, {
      remedy: `Deploy a notebook with \`iapp deploy NOTEBOOK --target ${target.name}\`.`,
    });
  }
  if (name === undefined) {
    throw new UserError("IAPP_APP_AMBIGUOUS", `there are several apps on ${where}: ${known.join(", ")}`, {
      remedy: "Name the one that you mean.",
      data: { apps: known },
    });
  }
  const near = nearest(name, known);
  throw new UserError("IAPP_APP_UNKNOWN", `there is no app ${name} on ${where}`, {
    remedy: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `There is: ${known.join(", ")}.`,
    data: { apps: known },
  });
}

function appliedByOthers(name: string, target: Target): UserError {
  return new UserError("IAPP_APP_APPLIED", `${name} on ${target.name} was applied from rendered files, not deployed`, {
    remedy: "Change what is applied (iapp render); iapp status, logs and exec work as they are.",
  });
}

/** Names of objects are made of the app's name, and have at most 63 characters. */
export function checkName(name: string): void {
  if (name.length <= LONGEST_NAME && /^[a-z]/.test(name)) return;
  throw new UserError("IAPP_DEPLOY_NAME", `${name} cannot be the name of an app on a cluster`, {
    remedy: `Give --name with at most ${LONGEST_NAME} characters, the first one a letter.`,
  });
}
