import { homedir } from "node:os";
import { join } from "node:path";
import type { Context } from "../../core/events.js";
import { packageVersion } from "../../core/package-root.js";
import { assemble, type Changes, type Image } from "../../image/image.js";
import { type Layer, LayerCache } from "../../image/layer.js";
import type { Reference } from "../../image/reference.js";
import type { TargetPlatform } from "../../project/environment/target.js";
import type { ProjectLayout } from "../../project/layout.js";
import { systemHints } from "../../project/system-libraries.js";
import { type Base, openSession } from "./base.js";
import { lending } from "./lent.js";
import { type ImageRecord, recordImage } from "./records.js";
import { type Delivered, deliver, type Sink } from "./sinks.js";
import { type StatementFacts, statements } from "./statements.js";

/** What every build is told: from what, for what, and where to. */
export interface BuildPlan {
  layout: ProjectLayout;
  /** Reference, `oci:FOLDER`, or null for the official image. */
  base: string | null;
  platform: TargetPlatform;
  /** Name and tag; its registry is where a `registry` sink sends it. */
  name: Reference;
  sinks: Sink[];
  /** Registries other than loopback that are spoken to without TLS. */
  insecure: string[];
}

export interface BuildResult {
  schema: "iapp.build/1";
  kind: ImageRecord["kind"];
  /** `registry/repository@sha256:...` where it was pushed, else the digest. */
  reference: string;
  digest: string;
  bundle: string | null;
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

export interface Made {
  kind: ImageRecord["kind"];
  base: Base;
  layers: Layer[];
  changes: Changes;
  /** What the bill of materials and the provenance say, besides the image. */
  facts: Omit<StatementFacts, "version" | "base">;
  /** Milliseconds since the epoch. */
  began: number;
}

/** Assembles the image, gives it to the sinks with the documents that belong to it, and remembers it. */
export async function finishBuild(ctx: Context, plan: BuildPlan, made: Made): Promise<BuildResult> {
  const { base, layers, changes, kind } = made;
  const packages = Object.keys(made.facts.packages);
  const { met } = lending(packages);
  for (const { distribution, debian } of systemHints(packages)) {
    if (met.has(distribution)) continue;
    const text = `${distribution} needs ${debian.join(", ")} of the system: the base image must have it (--base)`;
    ctx.emit({ code: "build.system", level: "warn", text });
  }
  const image = assemble(base.image, layers, changes);
  const facts = { ...made.facts, base: base.reference, version: packageVersion() };
  const delivered: Delivered[] = [];
  for (const sink of plan.sinks) delivered.push(await toSink(ctx, image, facts, plan, sink));
  const record = await recordImage(plan.layout, image, {
    kind,
    name: facts.name,
    bundle: facts.bundle,
    base: base.reference,
    platform: `${plan.platform.os}/${plan.platform.architecture}`,
    packages: facts.packages,
    delivered,
    built: ctx.now(),
    own: layers.length,
  });
  return {
    schema: "iapp.build/1",
    kind,
    reference: delivered.find((one) => one.kind === "registry")?.where ?? image.digest,
    digest: image.digest,
    bundle: facts.bundle,
    base: base.reference,
    platform: record.platform,
    layers: record.layers,
    delivered,
    seconds: (ctx.now() - made.began) / 1000,
  };
}

async function toSink(
  ctx: Context,
  image: Image,
  facts: StatementFacts,
  { name, insecure }: BuildPlan,
  sink: Sink,
): Promise<Delivered> {
  const documents = statements(image, facts);
  if (sink.kind !== "registry") return deliver(ctx, image, documents, name, sink, null);
  const { registry } = sink.reference;
  const session = await openSession(ctx, registry, insecure.includes(registry));
  try {
    return await deliver(ctx, image, documents, name, sink, session);
  } finally {
    session.close();
  }
}
