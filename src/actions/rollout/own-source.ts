import { join } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exists } from "../../core/fs.js";
import type { Lineage } from "../../core/lineage.js";
import { resolveApp } from "../apps/index.js";
import { readBundle } from "../bundle/index.js";
import { currentVersion } from "../deploy/plan.js";

/** From what an app was made: enough to make it again with the data of today. */
export interface OwnSource {
  name: string;
  /** Absolute path of the notebook. */
  notebook: string;
  /** `NAME=VALUE`, as the parameters were set. */
  parameters: string[];
  /** The model that is served, where the notebook has several. */
  serve: string | null;
}

/** The notebook and settings of the version that serves on this machine. */
export async function ownSource(ctx: Context, name: string | undefined): Promise<OwnSource> {
  const app = await resolveApp(ctx, name);
  const current = app.state.versions.find((version) => version.name === currentVersion(app.state));
  if (current === undefined) throw nothingServes(app.name);
  return sourceOf(app.name, app.layout.root, (await readBundle(current.bundle.dir)).lineage);
}

/** @throws UserError where the notebook is not in the project any more */
export async function sourceOf(name: string, root: string, lineage: Lineage): Promise<OwnSource> {
  const notebook = join(root, lineage.notebook.path);
  if (!(await exists(notebook))) {
    throw new UserError("IAPP_RETRAIN_NOTEBOOK", `${lineage.notebook.path}, from which ${name} was made, is not here`, {
      remedy: "Go to the project that has it, or name the notebook: iapp rollout NOTEBOOK --retrain",
    });
  }
  const parameters = givenParameters(lineage);
  const { served } = lineage;
  const serve = served !== null && served.alternatives.length > 0 ? served.name : null;
  return { name, notebook, parameters, serve };
}

/** `NAME=VALUE` for each parameter that was set, as it was written. */
export function givenParameters({ parameters }: Pick<Lineage, "parameters">): string[] {
  return parameters.map(({ name, value, given }) => {
    const text = given ?? (typeof value === "string" ? value : JSON.stringify(value));
    return `${name}=${text}`;
  });
}

export function nothingServes(name: string): UserError {
  return new UserError("IAPP_RETRAIN_NOTHING", `no version of ${name} has all requests`, {
    remedy: "Deploy it, or wait until its rollout has ended.",
  });
}
