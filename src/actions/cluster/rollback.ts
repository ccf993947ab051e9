import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { type ClusterApp, currentVersion, noted } from "../../kube/app-state.js";
import { updateApp } from "../../kube/app-store.js";
import type { KubeApi } from "../../kube/client/api.js";
import { acquireLease } from "../../kube/lease.js";
import { ClusterPlatform } from "../../kube/platform.js";
import { readRollout, refuseUnfinished } from "../../kube/rollout-store.js";
import { findProject } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import { isOver } from "../../rollout/state.js";
import { readExamples } from "../deploy/candidate.js";
import { askExample } from "../deploy/example.js";
import { type RollbackResult, targetOf } from "../rollout/rollback.js";
import { onTarget, resolveClusterApp } from "./access.js";
import { bundleFolder } from "./bundles.js";
import { repositoryOf } from "./images.js";
import { requestClusterRollout } from "./rollout-control.js";

/** Back to a version, as on this machine: while a rollout is under way this ends it. */
export function clusterRollback(
  ctx: Context,
  target: Target,
  name: string | undefined,
  wanted: string | null,
): Promise<RollbackResult> {
  const began = ctx.now();
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const result = (from: string | null, to: string, aborted: boolean): RollbackResult => {
      return { schema: "iapp.rollback/1", app: app.name, from, to, aborted, seconds: (ctx.now() - began) / 1000 };
    };
    const rollout = await readRollout(api, app.name);
    if (rollout !== null && !isOver(rollout) && (wanted === null || wanted === rollout.from)) {
      await requestClusterRollout(ctx, target, app.name, "abort", "rollback");
      return result(rollout.to, rollout.from, true);
    }
    await refuseUnfinished(api, app.name);
    const lease = await acquireLease(api, app.name, { identity: myself(), command: "iapp rollback" });
    try {
      const current = app.running ? currentVersion(app) : null;
      const version = targetOf(app, current, wanted);
      await moveTo(ctx, api, target, app, version.name, current);
      return result(current, version.name, false);
    } finally {
      await lease.release();
    }
  });
}

async function moveTo(
  ctx: Context,
  api: KubeApi,
  target: Target,
  app: ClusterApp,
  to: string,
  from: string | null,
): Promise<void> {
  const tell = (text: string): void =>
    ctx.emit({ code: "rollback.wait", level: "progress", text, data: { progress: { label: text } } });
  const platform = new ClusterPlatform(api, app.name, tell);
  const record = app.versions.find((version) => version.name === to)!;
  try {
    tell(`starting ${to}`);
    const outcome = await platform.start(to);
    if (!outcome.ready) {
      await platform.retire(to).catch(() => undefined);
      throw new OperationError("IAPP_ROLLBACK_FAILED", `${to} ${outcome.failure.reason}`, {
        lines: outcome.failure.lines,
      });
    }
    const place = { repository: repositoryOf(target, app.name), insecure: target.insecure };
    const bundle = await bundleFolder(ctx, await findProject(ctx.cwd), record.bundle, place);
    await askExample(`http://${outcome.endpoint}`, await readExamples(bundle));
    await platform.weights(new Map([[to, 1000]]));
    const at = new Date(ctx.now()).toISOString();
    const text = `${to} gets all requests`;
    await updateApp(
      api,
      app.name,
      (now) => now && noted(now, { at, what: "deployed", version: to, by: myself(), text }),
    );
    if (from !== null) await platform.retire(from);
  } finally {
    await platform.close();
  }
}
