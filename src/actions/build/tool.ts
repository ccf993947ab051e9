import type { Context } from "../../core/events.js";
import { packageVersion } from "../../core/package-root.js";
import { PLACES, USER } from "../../core/places.js";
import { openBase } from "./base.js";
import { type BuildPlan, type BuildResult, finishBuild, layerCache } from "./finish.js";
import { cliLayer, nodeLayer, workLayer } from "./tool-layers.js";

/** An official slim Node: the command line needs nothing else. */
const DEFAULT_BASE = "docker.io/library/node:22-slim";

/** Builds the image of this very command line, for drivers, scheduled jobs and the router inside a cluster. */
export async function buildTool(ctx: Context, input: BuildPlan): Promise<BuildResult> {
  const began = ctx.now();
  const cache = layerCache(ctx.env);
  const baseName = input.base ?? DEFAULT_BASE;
  const base = await openBase(ctx, cache, baseName, input.platform, input.insecure);
  try {
    // Images made from the official ones say which Node they have.
    const hasNode = (base.image.config.config.Env ?? []).some((line) => line.startsWith("NODE_VERSION="));
    const layers = [
      ...(hasNode ? [] : [await nodeLayer(cache, input.platform)]),
      await cliLayer(cache),
      await workLayer(cache),
    ];
    const changes = {
      user: USER,
      workingDir: `/${PLACES.work}`,
      entrypoint: ["node", `/${PLACES.cli}/bin/iapp.js`],
      env: { HOME: `/${PLACES.work}` },
      labels: {
        "org.opencontainers.image.title": "iapp",
        "org.opencontainers.image.version": packageVersion(),
        "org.opencontainers.image.base.name": baseName.startsWith("oci:") ? "oci-layout" : baseName,
        "org.opencontainers.image.base.digest": base.image.digest,
        "dev.iapp.kind": "tool",
      },
      stopSignal: "SIGTERM",
    };
    const facts = { name: "iapp", bundle: null, commit: null, packages: {} };
    return await finishBuild(ctx, input, { kind: "tool", base, layers, changes, facts, began });
  } finally {
    base.close();
  }
}
