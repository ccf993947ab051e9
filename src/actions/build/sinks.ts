import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exec } from "../../core/exec.js";
import type { Artifact } from "../../image/artifact.js";
import { writeDockerArchive } from "../../image/docker-archive.js";
import type { Image } from "../../image/image.js";
import { writeArtifact, writeLayout } from "../../image/layout.js";
import { formatReference, type Reference } from "../../image/reference.js";
import { type PushProgress, pushImage } from "../../registry/push.js";
import { pushArtifact } from "../../registry/referrers.js";
import type { Session } from "../../registry/session.js";

/** Where a built image goes. */
export type Sink =
  | { kind: "registry"; reference: Reference }
  | { kind: "layout"; folder: string }
  | { kind: "archive"; path: string }
  | { kind: "load"; engine: Engine };

export const ENGINES = ["docker", "podman", "nerdctl", "kind"] as const;
export type Engine = (typeof ENGINES)[number];

/** What a sink did with the image. */
export interface Delivered {
  kind: Sink["kind"];
  /** Where it is now, for people and for the next command. */
  where: string;
  sent_bytes: number | null;
  blobs: { exists: number; mounted: number; sent: number } | null;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)} MB`;

/** Gives the image, and what belongs to it where the sink can hold that, to a sink. Repeating it changes nothing. `session` belongs to the registry of a `registry` sink. */
export async function deliver(
  ctx: Context,
  image: Image,
  artifacts: readonly Artifact[],
  name: Reference,
  sink: Sink,
  session: Session | null,
): Promise<Delivered> {
  const none = { sent_bytes: null, blobs: null };
  const tag = name.tag ?? "latest";
  if (sink.kind === "registry") {
    const result = await pushImage(session!, sink.reference, image, pushProgress(ctx, image));
    for (const artifact of artifacts) await pushArtifact(session!, sink.reference, artifact);
    return { kind: "registry", where: result.reference, sent_bytes: result.sentBytes, blobs: result.steps };
  }
  if (sink.kind === "layout") {
    const folder = resolve(ctx.cwd, sink.folder);
    ctx.emit({ code: "build.layout", level: "progress", text: `writing ${folder}` });
    await writeLayout(folder, image, tag);
    for (const artifact of artifacts) await writeArtifact(folder, artifact);
    return { kind: "layout", where: `oci:${folder}:${tag}`, ...none };
  }
  const text = formatReference({ ...name, tag, digest: null });
  if (sink.kind === "archive") {
    const path = resolve(ctx.cwd, sink.path);
    ctx.emit({ code: "build.archive", level: "progress", text: `writing ${path}` });
    await writeDockerArchive(path, image, text);
    return { kind: "archive", where: path, ...none };
  }
  await load(ctx, image, text, sink.engine);
  return { kind: "load", where: `${sink.engine}: ${text}`, ...none };
}

/** One figure over all layers while they travel, and a line for each when it is settled. */
function pushProgress(ctx: Context, image: Image): (update: PushProgress) => void {
  const of = image.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const done = new Map<string, number>();
  const settled = new Set<string>();
  return ({ digest, note, size, sent, step }) => {
    done.set(digest, sent);
    if (step === undefined) {
      const progress = { done: [...done.values()].reduce((a, b) => a + b, 0), of, label: "pushing" };
      ctx.emit({ code: "build.push", level: "progress", text: `sending ${megabytes(of)}`, data: { progress } });
    } else if (!settled.has(digest)) {
      settled.add(digest);
      const words = { exists: "is there already", mounted: "taken from the base's repository", sent: "sent" }[step];
      const text = `${note} (${megabytes(size)}): ${words}`;
      ctx.emit({ code: "build.layer", level: "info", text, data: { digest, step, size } });
    }
  };
}

/** By way of an archive file: `kind` reads nothing else, and the others take it as well. */
async function load(ctx: Context, image: Image, name: string, engine: Engine): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "iapp-load-"));
  const path = join(folder, "image.tar");
  try {
    await writeDockerArchive(path, image, name);
    const args = engine === "kind" ? ["load", "image-archive", path] : ["load", "--input", path];
    ctx.emit({ code: "build.load", level: "progress", text: `giving the image to ${engine}` });
    const result = await exec(engine, args, { env: ctx.env, signal: ctx.signal, timeout: 30 * 60_000 }).catch(
      (error: unknown) => {
        if (!(error instanceof OperationError) || error.code !== "IAPP_EXEC_START") throw error;
        throw new UserError("IAPP_BUILD_NO_ENGINE", `${engine} is not installed here`, {
          remedy: `Install it, or choose another of ${ENGINES.join(", ")}, or write a file: --output archive:image.tar`,
        });
      },
    );
    if (result.code !== 0) {
      throw new OperationError("IAPP_BUILD_LOAD", `${engine} does not take the image`, {
        lines: result.stderr.split(/\r?\n/).filter(Boolean).slice(-5),
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
