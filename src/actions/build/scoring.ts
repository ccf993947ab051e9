import { join } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { PLACES, SCORING_PORT, USER } from "../../core/places.js";
import { digestOf } from "../../image/digest.js";
import type { Changes } from "../../image/image.js";
import { lockedVersions } from "../../project/environment/lock-text.js";
import { choosePython } from "../../project/python.js";
import { textOf } from "../bundle/files.js";
import { type BundleIndex, damagedFiles, readBundle } from "../bundle/index.js";
import { checkPython, defaultBase, openBase } from "./base.js";
import { writeDockerfile } from "./dockerfile.js";
import { type BuildPlan, type BuildResult, finishBuild, layerCache } from "./finish.js";
import { bundleLayer, dependencyLayer, runtimeLayer } from "./layers.js";
import { lending } from "./lent.js";

export interface ScoringInput extends BuildPlan {
  /** Folder of the proved bundle. */
  bundle: string;
  /** Folder for a build context with a Dockerfile of an equal image, or null. */
  dockerfile: string | null;
}

/** Builds the scoring image of a bundle and gives it to the sinks. */
export async function buildScoring(ctx: Context, input: ScoringInput): Promise<BuildResult> {
  const began = ctx.now();
  const { index, verification, lineage } = await soundBundle(input.bundle);
  const lock = (await textOf(join(input.bundle, "requirements.lock"))) ?? "";
  const minor = verification.python.split(".").slice(0, 2).join(".");
  const { interpreter } = await choosePython(ctx, { explicit: minor, notebook: null });
  const cache = layerCache(ctx.env);
  const baseName = input.base ?? defaultBase(minor);
  const base = await openBase(ctx, cache, baseName, input.platform, input.insecure);
  try {
    checkPython(base.image, baseName, minor);
    const given = { cache, python: interpreter, platform: input.platform };
    const layers = [
      await dependencyLayer(ctx, given, lock),
      await runtimeLayer(ctx, given, "scoring"),
      await bundleLayer(given, input.bundle),
    ];
    const changes = scoringChanges(index, { lock, minor, baseName, baseDigest: base.image.digest });
    if (input.dockerfile !== null) await writeDockerfile(input.dockerfile, input.bundle, base.reference, changes);
    const facts = {
      name: index.name,
      bundle: index.digest,
      commit: lineage.git?.commit ?? null,
      packages: lockedVersions(lock),
    };
    return await finishBuild(ctx, input, { kind: "scoring", base, layers, changes, facts, began });
  } finally {
    base.close();
  }
}

/** What the scoring image says of itself and how it is started. */
export function scoringChanges(
  index: BundleIndex,
  { lock, minor, baseName, baseDigest }: { lock: string; minor: string; baseName: string; baseDigest: string },
): Changes {
  return {
    user: USER,
    workingDir: "/opt/iapp",
    entrypoint: ["python3", "-m", "iapp_runtime.score", "serve", `/${PLACES.bundle}`].concat([
      "--host",
      "0.0.0.0",
      "--port",
      String(SCORING_PORT),
    ]),
    env: {
      PYTHONPATH: `/${PLACES.runtime}:/${PLACES.lib}`,
      PYTHONUNBUFFERED: "1",
      PYTHONNOUSERSITE: "1",
      PYTHONHASHSEED: "0",
      IAPP_PYTHON: minor,
      ...lending(Object.keys(lockedVersions(lock))).env,
    },
    labels: {
      "org.opencontainers.image.title": index.name,
      "org.opencontainers.image.base.name": baseName.startsWith("oci:") ? "oci-layout" : baseName,
      "org.opencontainers.image.base.digest": baseDigest,
      "dev.iapp.kind": "scoring",
      "dev.iapp.bundle": `sha256:${index.digest}`,
      "dev.iapp.contract": `sha256:${index.files.find(({ role }) => role === "contract")?.sha256 ?? ""}`,
      "dev.iapp.lock": digestOf(lock),
    },
    ports: [`${SCORING_PORT}/tcp`],
    stopSignal: "SIGTERM",
  };
}

export async function soundBundle(dir: string): Promise<Awaited<ReturnType<typeof readBundle>>> {
  const bundle = await readBundle(dir);
  if (!bundle.verification.equal) {
    throw new UserError("IAPP_BUILD_NOT_PROVED", `the bundle ${dir} does not compute what its notebook computes`, {
      remedy: "Train the notebook again: what was not proved is never served.",
    });
  }
  const damaged = await damagedFiles(dir, bundle.index);
  if (damaged.length > 0) {
    throw new UserError("IAPP_BUNDLE_DAMAGED", `the bundle ${dir} is not as it was written`, {
      lines: damaged,
      remedy: "Make it again: iapp train NOTEBOOK --force",
    });
  }
  return bundle;
}
