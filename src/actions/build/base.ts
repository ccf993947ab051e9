import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import type { Image } from "../../image/image.js";
import type { Layer, LayerCache } from "../../image/layer.js";
import { readLayout } from "../../image/layout.js";
import { parseReference, pinned } from "../../image/reference.js";
import type { TargetPlatform } from "../../project/environment/target.js";
import { findCredential } from "../../registry/docker-config.js";
import { pullImage } from "../../registry/pull.js";
import { Session } from "../../registry/session.js";

export interface Base {
  image: Image;
  /** For labels and people: `registry/repository@sha256:...`, or the layout it was read from. */
  reference: string;
  /** To be called when nothing of it is read any more. */
  close: () => void;
}

/** The base image where nothing else is said: the official slim Python of that minor version. */
export const defaultBase = (minor: string): string => `docker.io/library/python:${minor}-slim`;

/** A session with the person's own credentials for that registry. */
export async function openSession(ctx: Context, registry: string, insecure: boolean): Promise<Session> {
  const credential = await findCredential(registry, ctx.env, ctx.signal);
  return new Session(registry, { credential, insecure, signal: ctx.signal });
}

/** Reads a base image: `oci:FOLDER[:TAG]` from a layout, anything else from its registry. Layers are fetched only when a sink needs them. */
export async function openBase(
  ctx: Context,
  cache: LayerCache,
  text: string,
  platform: TargetPlatform,
  insecure: readonly string[],
): Promise<Base> {
  if (text.startsWith("oci:")) {
    const [folder, tag] = splitLayout(text);
    const image = await readLayout(folder, tag);
    checkPlatform(image, text, platform);
    return { image, reference: `${image.digest}`, close: () => undefined };
  }
  const reference = parseReference(text);
  const session = await openSession(ctx, reference.registry, insecure.includes(reference.registry));
  try {
    ctx.emit({ code: "build.base", level: "progress", text: `reading the base image ${text}` });
    const image = await pullImage(session, reference, platform);
    checkPlatform(image, text, platform);
    const layers = image.layers.map((layer) => kept(cache, layer));
    return { image: { ...image, layers }, reference: pinned(reference, image.digest), close: () => session.close() };
  } catch (error) {
    session.close();
    throw error;
  }
}

/** `oci:FOLDER[:TAG]`. */
export function splitLayout(text: string): [folder: string, tag: string | null] {
  const path = text.slice("oci:".length);
  const colon = path.lastIndexOf(":");
  return colon > path.lastIndexOf("/") ? [path.slice(0, colon), path.slice(colon + 1)] : [path, null];
}

function checkPlatform({ config }: Image, text: string, platform: TargetPlatform): void {
  if (config.os === platform.os && config.architecture === platform.architecture) return;
  throw new UserError(
    "IAPP_IMAGE_PLATFORM",
    `the base image ${text} is for ${config.os}/${config.architecture}, not ${platform.os}/${platform.architecture}`,
    { remedy: "Choose another base with --base, or the platform with --platform." },
  );
}

/**
 * Packages with compiled parts fit one minor version of Python. Official images say which one they have; where a base does not, the
 * service says it when it starts.
 */
export function checkPython({ config }: Image, text: string, minor: string): void {
  const line = (config.config.Env ?? []).find((one) => one.startsWith("PYTHON_VERSION="));
  const has = line?.split("=")[1]?.split(".").slice(0, 2).join(".");
  if (has === undefined || has === minor) return;
  throw new UserError("IAPP_BUILD_PYTHON", `the base image ${text} has Python ${has}, the packages are for ${minor}`, {
    remedy: `Choose a base with Python ${minor}, or train with --python ${has}.`,
  });
}

/** Once a layer of the base was fetched, it is read from the cache. */
function kept(cache: LayerCache, layer: Layer): Layer {
  const { digest, size } = layer.descriptor;
  const path = cache.blobPath(digest);
  const have = (): Promise<boolean> =>
    stat(path).then(
      (found) => found.size === size,
      () => false,
    );
  return {
    ...layer,
    open: async () => {
      if (!(await have())) {
        const temporary = `${path}.${process.pid}.tmp`;
        await mkdir(dirname(path), { recursive: true });
        try {
          await pipeline(await layer.open(), createWriteStream(temporary));
          await rename(temporary, path);
        } finally {
          await rm(temporary, { force: true });
        }
      }
      return createReadStream(path);
    },
  };
}
