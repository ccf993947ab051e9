import type { Context } from "../../core/events.js";
import { currentVersion } from "../../kube/app-state.js";
import { findProject } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import { readBundle } from "../bundle/index.js";
import { nothingServes, type OwnSource, sourceOf } from "../rollout/own-source.js";
import { onTarget, resolveClusterApp } from "./access.js";
import { bundleFolder } from "./bundles.js";
import { repositoryOf } from "./images.js";

/** The notebook and settings of the version that serves on a target. The notebook itself must be in this project. */
export function ownClusterSource(ctx: Context, target: Target, name: string | undefined): Promise<OwnSource> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveClusterApp(api, target, name);
    const current = app.versions.find((version) => version.name === currentVersion(app));
    if (current === undefined) throw nothingServes(app.name);
    const layout = await findProject(ctx.cwd);
    const place = { repository: repositoryOf(target, app.name), insecure: target.insecure };
    const bundle = await bundleFolder(ctx, layout, current.bundle, place);
    return sourceOf(app.name, layout.root, (await readBundle(bundle)).lineage);
  });
}
