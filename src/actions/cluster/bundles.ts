import { randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exists } from "../../core/fs.js";
import { parseReference, type Reference } from "../../image/reference.js";
import { treeEntries } from "../../image/tree.js";
import { ensureState, type ProjectLayout } from "../../project/layout.js";
import { fetchFolder, pushFolder } from "../../registry/folder.js";
import { openSession } from "../build/base.js";
import { layerCache } from "../build/index.js";
import { damagedFiles, readBundle } from "../bundle/index.js";

/** Media type of a bundle that is kept in a registry: its folder, packed. */
const BUNDLE_TYPE = "application/vnd.iapp.bundle.v1";
const INSIDE = "bundle";

/** Where bundles of an app are kept: beside its images. */
export interface BundlePlace {
  /** `registry.example/team/churn`. */
  repository: string;
  insecure: readonly string[];
}

const referenceOf = ({ repository }: BundlePlace, digest: string): Reference =>
  parseReference(`${repository}:bundle-${digest.slice(0, 24)}`);

/** Keeps a bundle in the app's repository, so that other machines and jobs have it. */
export async function publishBundle(ctx: Context, dir: string, digest: string, place: BundlePlace): Promise<string> {
  const entries = await treeEntries(dir, { prefix: INSIDE });
  const layer = await layerCache(ctx.env).build(entries, `bundle ${digest.slice(0, 12)}`, null);
  const reference = referenceOf(place, digest);
  const session = await openSession(ctx, reference.registry, place.insecure.includes(reference.registry));
  try {
    return await pushFolder(session, reference, BUNDLE_TYPE, layer);
  } finally {
    session.close();
  }
}

/** The folder of a bundle: the project's own copy, else one fetched from the app's repository and checked file by file. */
export async function bundleFolder(
  ctx: Context,
  layout: ProjectLayout,
  digest: string,
  place: BundlePlace,
): Promise<string> {
  const own = join(layout.bundles, digest);
  if (await exists(join(own, "bundle.json"))) return own;
  await ensureState(layout);
  const reference = referenceOf(place, digest);
  const session = await openSession(ctx, reference.registry, place.insecure.includes(reference.registry));
  const scratch = join(layout.bundles, `.${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(scratch, { recursive: true });
    ctx.emit({ code: "bundle.fetch", level: "progress", text: `fetching the bundle ${digest.slice(0, 12)}` });
    if (!(await fetchFolder(session, reference, BUNDLE_TYPE, scratch))) {
      throw new UserError(
        "IAPP_BUNDLE_NONE",
        `the bundle ${digest.slice(0, 12)} is neither here nor in ${place.repository}`,
        {
          remedy: "Deploy the notebook again from a folder that has it.",
        },
      );
    }
    const dir = join(scratch, INSIDE);
    const { index } = await readBundle(dir);
    const damaged = index.digest === digest ? await damagedFiles(dir, index) : [`it is ${index.digest}`];
    if (damaged.length > 0) {
      throw new OperationError("IAPP_BUNDLE_DAMAGED", `${place.repository} served another bundle than ${digest}`, {
        lines: damaged,
      });
    }
    // Of two that fetch it at once one is second: what is there by now is the same.
    await rename(dir, own).catch(async (cause) => {
      if (!(await exists(join(own, "bundle.json")))) throw cause;
    });
    return own;
  } finally {
    session.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
