import type { Context } from "../../core/events.js";
import { packageVersion } from "../../core/package-root.js";
import type { ProjectLayout } from "../../project/layout.js";
import { forNodes, fromNodes, type Target } from "../../project/targets.js";
import { buildScoring, buildTool, parseReference, recomposeScoring } from "../build/index.js";

const platformOf = ({ platform }: Target): { os: "linux"; architecture: "amd64" | "arm64" } => ({
  os: "linux",
  architecture: platform === "linux/arm64" ? "arm64" : "amd64",
});

/** Where images and bundles of an app are kept. */
export const repositoryOf = ({ registry }: Target, app: string): string => `${registry}/${app}`;

/** The image of iapp itself, for routers and jobs, in the target's registry: as nodes name it, by digest. */
export async function toolImage(ctx: Context, layout: ProjectLayout, target: Target): Promise<string> {
  const name = parseReference(`${target.registry}/iapp:${packageVersion()}`);
  const built = await buildTool(quiet(ctx), {
    layout,
    base: target.tool_base,
    platform: platformOf(target),
    name,
    sinks: [{ kind: "registry", reference: name }],
    insecure: target.insecure,
  });
  return forNodes(target, built.reference);
}

/** The scoring image of a bundle, in the target's registry. */
export async function scoringImage(
  ctx: Context,
  layout: ProjectLayout,
  target: Target,
  app: string,
  bundle: { dir: string; digest: string },
): Promise<string> {
  const name = parseReference(`${repositoryOf(target, app)}:${bundle.digest.slice(0, 12)}`);
  const built = await buildScoring(ctx, {
    layout,
    base: target.base,
    platform: platformOf(target),
    name,
    sinks: [{ kind: "registry", reference: name }],
    insecure: target.insecure,
    bundle: bundle.dir,
    dockerfile: null,
  });
  return forNodes(target, built.reference);
}

/** The same on the layers of another bundle's image (as nodes name it): for pods, which have no packages to install. */
export async function scoringImageFrom(
  ctx: Context,
  layout: ProjectLayout,
  target: Target,
  app: string,
  bundle: { dir: string; digest: string },
  template: string,
): Promise<string> {
  const name = parseReference(`${repositoryOf(target, app)}:${bundle.digest.slice(0, 12)}`);
  const built = await recomposeScoring(quiet(ctx), {
    layout,
    platform: platformOf(target),
    name,
    sinks: [{ kind: "registry", reference: name }],
    insecure: target.insecure,
    bundle: bundle.dir,
    template: fromNodes(target, template),
  });
  return forNodes(target, built.reference);
}

/** Its layers are nobody's business unless something is wrong. */
function quiet(ctx: Context): Context {
  return {
    ...ctx,
    emit: (event) => {
      if (event.level !== "info") ctx.emit(event);
    },
  };
}
