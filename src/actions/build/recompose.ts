import { join } from "node:path";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { digestOf } from "../../image/digest.js";
import type { Image } from "../../image/image.js";
import { parseReference } from "../../image/reference.js";
import { lockedVersions } from "../../project/environment/lock-text.js";
import { pullImage } from "../../registry/pull.js";
import { textOf } from "../bundle/files.js";
import { openSession } from "./base.js";
import { type BuildPlan, type BuildResult, finishBuild, layerCache } from "./finish.js";
import { bundleLayer } from "./layers.js";
import { scoringChanges, soundBundle } from "./scoring.js";

export interface RecomposeInput extends Omit<BuildPlan, "base"> {
  /** Folder of the proved bundle. */
  bundle: string;
  /** A scoring image of another bundle with the same packages: `registry/repository@sha256:...`. */
  template: string;
}

/**
 * The scoring image of a bundle on the layers of another one's: needs no Python, no packages and no cache, and receives nothing but documents.
 * Gives the same digest as building it anew.
 * @throws OperationError where the bundle needs other packages than that image has
 */
export async function recomposeScoring(ctx: Context, input: RecomposeInput): Promise<BuildResult> {
  const began = ctx.now();
  const { index, verification, lineage } = await soundBundle(input.bundle);
  const lock = (await textOf(join(input.bundle, "requirements.lock"))) ?? "";
  const minor = verification.python.split(".").slice(0, 2).join(".");
  const reference = parseReference(input.template);
  const session = await openSession(ctx, reference.registry, input.insecure.includes(reference.registry));
  try {
    const template = await pullImage(session, reference, input.platform);
    const { Labels: labels = {}, Env: env = [] } = template.config.config;
    if (labels["dev.iapp.lock"] !== digestOf(lock) || !env.includes(`IAPP_PYTHON=${minor}`)) {
      throw new OperationError(
        "IAPP_BUILD_OTHER_PACKAGES",
        "the new model needs other packages than the image that it shall go into",
        { remedy: "Roll it out from a machine that can install them: iapp rollout NOTEBOOK" },
      );
    }
    const cache = layerCache(ctx.env);
    const layer = await bundleLayer({ cache }, input.bundle);
    const [baseName, baseDigest] = [
      labels["org.opencontainers.image.base.name"] ?? "",
      labels["org.opencontainers.image.base.digest"] ?? "",
    ];
    const base = { image: withoutLast(template), reference: `${baseName}@${baseDigest}`, close: () => undefined };
    const changes = scoringChanges(index, { lock, minor, baseName, baseDigest });
    const facts = {
      name: index.name,
      bundle: index.digest,
      commit: lineage.git?.commit ?? null,
      packages: lockedVersions(lock),
    };
    const made = { kind: "scoring" as const, base, layers: [layer], changes, facts, began };
    return await finishBuild(ctx, { ...input, base: null }, made);
  } finally {
    session.close();
  }
}

/** The image as it was before its last layer, the bundle, was put on. */
function withoutLast(image: Image): Image {
  const { config, layers } = image;
  const history = config.history?.slice(0, -1);
  const diffIds = config.rootfs.diff_ids.slice(0, -1);
  return {
    ...image,
    config: {
      ...config,
      rootfs: { ...config.rootfs, diff_ids: diffIds },
      ...(history === undefined ? {} : { history }),
    },
    layers: layers.slice(0, -1),
  };
}
