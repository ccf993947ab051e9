import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { pause } from "../../core/pause.js";
import { applyAll, refuseTaken } from "../../kube/apply.js";
import type { KubeApi } from "../../kube/client/api.js";
import { isConflict } from "../../kube/client/errors.js";
import { acquireLease, type Lease } from "../../kube/lease.js";
import { type DriverSpec, driverAccount, driverJob, names } from "../../kube/manifests/index.js";
import { insideTarget, type Target } from "../../project/targets.js";
import type { RolloutState } from "../../rollout/state.js";

export { TRY_AGAIN } from "../../kube/manifests/index.js";

/** A rollout waits for people and for requests: weeks are no failure. */
const DEADLINE_SECONDS = 30 * 24 * 3600;
/** A driver that has died holds its lease half a minute longer. */
const LEASE_MS = 60_000;
const LOOK_MS = 1000;

/** What a driver's pod is told, but for its command. No secret is in it. */
export function driverSpec(
  target: Target,
  { app, image, source }: Pick<DriverSpec, "app" | "image" | "source">,
  args: string[],
): DriverSpec {
  return {
    app,
    image,
    args,
    env: [{ name: "IAPP_TARGET", value: JSON.stringify(insideTarget(target)) }],
    source,
    pushSecret: target.push_secret,
  };
}

/** Starts a Job in the cluster that drives the app's rollout on. It needs nobody's machine. */
export async function launchDriver(
  api: KubeApi,
  target: Target,
  { app, image, source }: Pick<DriverSpec, "app" | "image" | "source">,
  { to, id }: Pick<RolloutState, "to" | "id">,
): Promise<void> {
  const account = driverAccount(app, names.driver(app), "driver", false);
  await refuseTaken(api, account);
  await applyAll(api, account);
  const spec = driverSpec(target, { app, image, source }, ["_cluster-rollout", app]);
  const name = names.drive(app, to, id.split("-").at(-1)!);
  await api.create(driverJob(spec, name, DEADLINE_SECONDS)).catch((error: unknown) => {
    // Only the answer to an earlier try was lost.
    if (!isConflict(error)) throw error;
  });
}

/** The target of the pod that this runs in. @throws UserError in any other place */
export function targetInside({ env }: Pick<Context, "env">): Target {
  if (env.IAPP_TARGET === undefined || env.KUBERNETES_SERVICE_HOST === undefined) {
    throw new UserError("IAPP_DRIVER_NO_CLUSTER", "this is no pod that iapp has made", {
      remedy: "It is started on a cluster by `iapp rollout --detach` and `iapp schedule`.",
    });
  }
  return { ...(JSON.parse(env.IAPP_TARGET) as Target), namespace: env.IAPP_NAMESPACE ?? "default" };
}

/** The app's lease, waited for as long as a driver that has died may hold it. */
export async function leaseAfter(ctx: Context, api: KubeApi, app: string, command: string): Promise<Lease> {
  const deadline = performance.now() + LEASE_MS;
  for (;;) {
    try {
      return await acquireLease(api, app, { identity: myself(), command });
    } catch (error) {
      const taken = error instanceof OperationError && error.code === "IAPP_KUBE_LEASE";
      if (!taken || performance.now() > deadline) throw error;
      await pause(LOOK_MS, ctx.signal);
    }
  }
}
