import { join } from "node:path";
import type { ContractDocument } from "../../core/contract.js";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { readJson } from "../../core/fs.js";
import { currentVersion } from "../../kube/app-state.js";
import { findProject } from "../../project/layout.js";
import type { Target } from "../../project/targets.js";
import { noVersion, type Service } from "../predict/index.js";
import { openTarget, resolveClusterApp } from "./access.js";
import { bundleFolder } from "./bundles.js";
import { repositoryOf } from "./images.js";
import { forwardRouter } from "./reach.js";

/** A service on a cluster. It is reached through the API server: nothing has to be exposed for that. */
export async function findClusterService(
  ctx: Context,
  target: Target,
  name: string | undefined,
  version: string | undefined,
): Promise<Service> {
  const api = openTarget(ctx, target);
  const app = await resolveClusterApp(api, target, name);
  const known = app.desired.map((one) => one.name);
  const wanted = version ?? currentVersion(app) ?? known[0];
  const record = app.versions.find((one) => one.name === wanted && known.includes(one.name));
  if (record === undefined) throw noVersion(app.name, version, known);
  const place = { repository: repositoryOf(target, app.name), insecure: target.insecure };
  const bundle = await bundleFolder(ctx, await findProject(ctx.cwd), record.bundle, place);
  return {
    name: app.name,
    version: record.name,
    forced: version !== undefined,
    contract: await readJson<ContractDocument>(join(bundle, "contract.json")),
    bundle,
    python: null,
    reach: async () => {
      if (!app.running) {
        throw new OperationError("IAPP_PREDICT_STOPPED", `${app.name} does not run`, {
          remedy: `Start it with \`iapp restart ${app.name} --target ${target.name}\`.`,
        });
      }
      const way = await forwardRouter(api, app.name);
      return {
        url: way.url,
        close: async () => {
          await way.close();
          api.close();
        },
      };
    },
  };
}
