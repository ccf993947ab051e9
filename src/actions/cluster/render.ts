import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { type ClusterApp, newApp, withVersion } from "../../kube/app-state.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { appObjects } from "../../kube/objects.js";
import type { ProjectLayout } from "../../project/layout.js";
import { forNodes, type Target } from "../../project/targets.js";
import { imageRecords } from "../build/records.js";
import { readBundle } from "../bundle/index.js";
import { checkName } from "./access.js";
import { type SettingsInput, wantedSettings } from "./settings.js";

export interface RenderInput {
  layout: ProjectLayout;
  target: Target;
  name: string;
  /** Folder of the bundle. */
  bundle: string;
  /** `v1`, `v2`, ... */
  version: string;
  /** By digest; null: as they were last pushed to the target's registry from this project. */
  image: string | null;
  routerImage: string | null;
  settings: SettingsInput;
}

/** The objects of an app as `deploy` would make them, without asking any cluster. Twice the same input gives the same objects. */
export async function renderApp(ctx: Context, input: RenderInput): Promise<KubeObject[]> {
  const { layout, target, name, version } = input;
  checkName(name);
  if (!/^v[1-9]\d{0,5}$/.test(version)) {
    throw new UserError("IAPP_RENDER_VERSION", `${version} is no version`, { remedy: "Write v1, v2, ..." });
  }
  const { index } = await readBundle(input.bundle);
  const image = input.image ?? (await pushedImage(layout, target, "scoring", index.digest));
  const router = input.routerImage ?? (await pushedImage(layout, target, "tool", null));
  const { run, settings } = wantedSettings(null, input.settings, target, router);
  const number = Number(version.slice(1));
  const record = {
    name: version,
    color: number % 2 === 1 ? ("blue" as const) : ("green" as const),
    created: new Date(0).toISOString(),
    notebook: null,
    bundle: index.digest,
    image,
    run,
  };
  const desired = [{ name: version, weight: 1000 }];
  const app: ClusterApp = { ...withVersion(newApp(name, settings), record), desired, generation: number };
  ctx.emit({ code: "render.images", level: "debug", text: `images ${image} and ${router}` });
  // Without iapp's own state: that has a history, which belongs to no repository.
  return appObjects(app);
}

async function pushedImage(
  layout: ProjectLayout,
  target: Target,
  kind: "scoring" | "tool",
  bundle: string | null,
): Promise<string> {
  for (const record of await imageRecords(layout)) {
    if (record.kind !== kind || record.bundle !== bundle) continue;
    const pushed = record.delivered.find(
      ({ kind: sink, where }) => sink === "registry" && where.startsWith(`${target.registry}/`),
    );
    if (pushed !== undefined) return forNodes(target, pushed.where);
  }
  const flag = kind === "scoring" ? "--image" : "--router-image";
  const what = kind === "scoring" ? "this bundle's scoring image" : "iapp's own image";
  throw new UserError("IAPP_RENDER_IMAGE", `${what} has not been pushed to ${target.registry} from this project`, {
    remedy: `Push it with iapp build --push${kind === "tool" ? " --kind tool" : ""}, or name it with ${flag}.`,
  });
}
