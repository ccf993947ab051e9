import { UserError } from "../core/errors.js";
import { type Digest, digestOf } from "./digest.js";
import type { Layer } from "./layer.js";
import { canonicalJson, type Descriptor, type ImageConfig, type Manifest, MediaType, type Platform } from "./media.js";

/** A whole image as a view: documents in memory, layers opened on demand. */
export interface Image {
  manifest: Manifest;
  /** The manifest's exact bytes: its digest names the image. */
  manifestBytes: Buffer;
  digest: Digest;
  config: ImageConfig;
  configBytes: Buffer;
  layers: Layer[];
}

/** What an image adds to its base. Fields that are left out stay as the base has them. */
export interface Changes {
  user?: string;
  workingDir?: string;
  entrypoint?: string[];
  command?: string[];
  /** Added; a name that the base sets too is replaced. */
  env?: Record<string, string>;
  labels?: Record<string, string>;
  ports?: string[];
  stopSignal?: string;
}

const CREATED = "1970-01-01T00:00:00Z";

/** Base plus layers plus changes. Pure: the same inputs give the same bytes. */
export function assemble(base: Image, layers: readonly Layer[], changes: Changes): Image {
  const { config } = base;
  if (config.rootfs.diff_ids.length !== base.layers.length) {
    throw new UserError("IAPP_IMAGE_BASE", "the base image is damaged: its config and manifest list different layers");
  }
  const merged: ImageConfig = {
    ...config,
    created: CREATED,
    config: {
      ...config.config,
      ...(changes.user === undefined ? {} : { User: changes.user }),
      ...(changes.workingDir === undefined ? {} : { WorkingDir: changes.workingDir }),
      ...(changes.entrypoint === undefined ? {} : { Entrypoint: changes.entrypoint, Cmd: changes.command ?? [] }),
      ...(changes.stopSignal === undefined ? {} : { StopSignal: changes.stopSignal }),
      Env: mergeEnv(config.config.Env ?? [], changes.env ?? {}),
      Labels: { ...config.config.Labels, ...changes.labels },
      ...(changes.ports === undefined
        ? {}
        : { ExposedPorts: Object.fromEntries(changes.ports.map((port) => [port, {}] as const)) }),
    },
    rootfs: { type: "layers", diff_ids: [...config.rootfs.diff_ids, ...layers.map(({ diffId }) => diffId)] },
    history: [
      ...(config.history ?? []),
      ...layers.map(({ note }) => ({ created: CREATED, created_by: "iapp", comment: note })),
    ],
  };
  const all = [...base.layers, ...layers];
  return seal(
    merged,
    all,
    all.map(({ descriptor }) => ociLayer(descriptor)),
  );
}

/** An image from nothing, for a platform. */
export function emptyImage(platform: Platform): Image {
  const config: ImageConfig = {
    created: CREATED,
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config: {},
    rootfs: { type: "layers", diff_ids: [] },
  };
  return seal(config, [], []);
}

function seal(config: ImageConfig, layers: Layer[], descriptors: Descriptor[]): Image {
  const configBytes = Buffer.from(canonicalJson(config));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: { mediaType: MediaType.config, digest: digestOf(configBytes), size: configBytes.length },
    layers: descriptors,
  };
  const manifestBytes = Buffer.from(canonicalJson(manifest));
  return { manifest, manifestBytes, digest: digestOf(manifestBytes), config, configBytes, layers };
}

/** Docker's layer type is the OCI one under an older name; an OCI manifest must not mix them. */
function ociLayer({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType: mediaType === MediaType.dockerLayer ? MediaType.layerGzip : mediaType, digest, size };
}

function mergeEnv(base: string[], added: Record<string, string>): string[] {
  const names = new Set(Object.keys(added));
  return [
    ...base.filter((line) => !names.has(line.split("=", 1)[0]!)),
    ...Object.entries(added).map(([name, value]) => `${name}=${value}`),
  ];
}
