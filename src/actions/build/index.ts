import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { packageVersion } from "../../core/package-root.js";
import type { Artifact } from "../../image/artifact.js";
import { digestOf } from "../../image/digest.js";
import { assemble, type Changes, type Image } from "../../image/image.js";
import { LayerCache } from "../../image/layer.js";
import type { Reference } from "../../image/reference.js";
import { lockedVersions } from "../../project/environment/lock-text.js";
import type { TargetPlatform } from "../../project/environment/target.js";
import type { ProjectLayout } from "../../project/layout.js";
import { choosePython } from "../../project/python.js";
import { textOf } from "../bundle/files.js";
import { type BundleIndex, damagedFiles, readBundle } from "../bundle/index.js";
import { defaultBase, openBase, openSession } from "./base.js";
import { writeDockerfile } from "./dockerfile.js";
import { bundleLayer, dependencyLayer, runtimeLayer } from "./layers.js";
import { PLACES, PORT, USER } from "./places.js";
import { type ImageRecord, recordImage } from "./records.js";
import { type Delivered, deliver, type Sink } from "./sinks.js";

import { statements } from "./statements.js";

export { parseReference, type Reference } from "../../image/reference.js";
export { ENGINES, type Engine, type Sink } from "./sinks.js";

export interface BuildInput {
  layout: ProjectLayout;
  /** Folder of the proved bundle. */
  bundle: string;
  /** Reference, `oci:FOLDER`, or null for the official image. */
  base: string | null;
  platform: TargetPlatform;
  /** Name and tag; its registry is where a `registry` sink sends it. */
  name: Reference;
  sinks: Sink[];
  /** Folder for a build context with a Dockerfile of an equal image, or null. */
  dockerfile: string | null;
  /** Registries other than loopback that are spoken to without TLS. */
  insecure: string[];
}

export interface BuildResult {
  schema: "iapp.build/1";
  /** `registry/repository@sha256:...` where it was pushed, else the digest. */
  reference: string;
  digest: string;
  bundle: string;
  base: string;
  platform: string;
  layers: ImageRecord["layers"];
  delivered: Delivered[];
  seconds: number;
}

/** The person's cache of layers, shared by all projects. */
export function layerCache(env: Context["env"]): LayerCache {
  return new LayerCache(join(env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), ".cache"), "iapp", "layers"));
}

/** Builds the scoring image of a bundle and gives it to the sinks. */
export async function buildScoring(ctx: Context, input: BuildInput): Promise<BuildResult> {
  const began = ctx.now();
  const { index, verification, lineage } = await soundBundle(input.bundle);
  const lock = (await textOf(join(input.bundle, "requirements.lock"))) ?? "";
  const minor = verification.python.split(".").slice(0, 2).join(".");
  const { interpreter } = await choosePython(ctx, { explicit: minor, notebook: null });
  const cache = layerCache(ctx.env);
  const baseName = input.base ?? defaultBase(minor);
  const insecure = (registry: string): boolean => input.insecure.includes(registry);
  const base = await openBase(ctx, cache, baseName, input.platform, insecure(baseName.split("/")[0]!));
  try {
    const layers = { cache, python: interpreter, platform: input.platform };
    const added = [
      await dependencyLayer(ctx, layers, lock),
      await runtimeLayer(ctx, layers, "scoring"),
      await bundleLayer(layers, input.bundle),
    ];
    const changes = scoringChanges(index, { lock, baseName, baseDigest: base.image.digest });
    const image = assemble(base.image, added, changes);
    if (input.dockerfile !== null) await writeDockerfile(input.dockerfile, input.bundle, base.reference, changes);
    const packages = lockedVersions(lock);
    const facts = { image, index, lineage, base: base.reference, packages, version: packageVersion() };
    const delivered: Delivered[] = [];
    for (const sink of input.sinks)
      delivered.push(await toSink(ctx, image, statements(facts), input.name, sink, insecure));
    const record = await recordImage(input.layout, image, {
      kind: "scoring",
      name: index.name,
      bundle: index.digest,
      base: base.reference,
      platform: `${input.platform.os}/${input.platform.architecture}`,
      packages,
      delivered,
      built: ctx.now(),
      own: added.length,
    });
    return {
      schema: "iapp.build/1",
      reference: delivered.find(({ kind }) => kind === "registry")?.where ?? image.digest,
      digest: image.digest,
      bundle: index.digest,
      base: base.reference,
      platform: record.platform,
      layers: record.layers,
      delivered,
      seconds: (ctx.now() - began) / 1000,
    };
  } finally {
    base.close();
  }
}

/** What the scoring image says of itself and how it is started. */
function scoringChanges(
  index: BundleIndex,
  { lock, baseName, baseDigest }: { lock: string; baseName: string; baseDigest: string },
): Changes {
  return {
    user: USER,
    workingDir: "/opt/iapp",
    entrypoint: ["python3", "-m", "iapp_runtime.score", "serve", `/${PLACES.bundle}`].concat([
      "--host",
      "0.0.0.0",
      "--port",
      String(PORT),
    ]),
    env: {
      PYTHONPATH: `/${PLACES.runtime}:/${PLACES.lib}`,
      PYTHONUNBUFFERED: "1",
      PYTHONNOUSERSITE: "1",
      PYTHONHASHSEED: "0",
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
    ports: [`${PORT}/tcp`],
    stopSignal: "SIGTERM",
  };
}

async function toSink(
  ctx: Context,
  image: Image,
  artifacts: readonly Artifact[],
  name: Reference,
  sink: Sink,
  insecure: (registry: string) => boolean,
): Promise<Delivered> {
  if (sink.kind !== "registry") return deliver(ctx, image, artifacts, name, sink, null);
  const session = await openSession(ctx, sink.reference.registry, insecure(sink.reference.registry));
  try {
    return await deliver(ctx, image, artifacts, name, sink, session);
  } finally {
    session.close();
  }
}

async function soundBundle(dir: string): Promise<Awaited<ReturnType<typeof readBundle>>> {
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
