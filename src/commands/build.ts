import { dirname, resolve } from "node:path";
import {
  type BuildResult,
  buildScoring,
  ENGINES,
  type Engine,
  parseReference,
  type Reference,
  type Sink,
} from "../actions/build/index.js";
import { type Config, projectConfig } from "../config/index.js";
import { UserError } from "../core/errors.js";
import type { Host } from "../core/host.js";
import { findProject, type ProjectLayout } from "../project/layout.js";
import { type CommandInput, defineCommand } from "./command.js";

export default defineCommand({
  summary: "make a container image of a proved bundle, without Docker",
  description:
    "Puts the packages that scoring needs, iapp's runtime and the bundle onto a Python base image, and sends the result to a registry, into a folder or file, or to a container engine. The same bundle gives the same digest on every machine; what did not change is neither built nor sent again. The last line on standard output is the image.",
  arguments: [
    {
      name: "[bundle]",
      summary: "a notebook; or a bundle: its folder, or the beginning of its digest (default: the newest)",
    },
  ],
  options: [
    { flags: "--push", summary: "send it to the registry that --repository or iapp.yaml names" },
    { flags: "--repository <name>", summary: "registry.example/team/name" },
    { flags: "--tag <tag>", summary: "tag (default: the beginning of the bundle's digest)" },
    { flags: "--output <where>", summary: "oci:FOLDER or archive:FILE.tar; may be repeated", collect: true },
    { flags: "--load <engine>", summary: "hand it to a container engine here", choices: [...ENGINES] },
    { flags: "--dockerfile <folder>", summary: "also write a build context with a Dockerfile of an equal image" },
    { flags: "--base <image>", summary: "base image: a reference, or oci:FOLDER[:TAG]" },
    { flags: "--platform <platform>", summary: "what it runs on", choices: ["linux/amd64", "linux/arm64"] },
    { flags: "--insecure <registry>", summary: "speak plain HTTP with this registry; may be repeated", collect: true },
  ],
  examples: [
    "iapp build --push --repository registry.example/team/churn",
    "iapp build 3f9c2a --output oci:image --base registry.example/mirror/python:3.11-slim",
    "iapp build churn.ipynb --load podman",
  ],
  async run(input, host) {
    const given = input.args[0];
    const notebook = given?.endsWith(".ipynb") === true ? resolve(host.cwd, given) : null;
    const layout = await findProject(notebook === null ? host.cwd : dirname(notebook));
    const { config } = await projectConfig(layout.root);
    const { dir, name, digest } = await findGiven(host, layout, given, notebook);
    const repository = (input.options.repository as string | undefined) ?? config.image?.repository ?? null;
    const tag = (input.options.tag as string | undefined) ?? digest.slice(0, 12);
    const reference = parseReference(`${repository ?? `localhost/${name}`}:${tag}`);
    const dockerfile = input.options.dockerfile as string | undefined;
    const sinks = sinksOf(input, repository === null ? null : reference);
    const [os, architecture] = platformOf(input, config).split("/");
    const result = await buildScoring(host, {
      layout,
      bundle: dir,
      base: (input.options.base as string | undefined) ?? config.image?.base ?? null,
      platform: { os: os as "linux", architecture: architecture as "amd64" | "arm64" },
      name: reference,
      sinks: sinks.length > 0 ? sinks : [{ kind: "layout", folder: `${layout.state}/images/layout` }],
      dockerfile: dockerfile === undefined ? null : resolve(host.cwd, dockerfile),
      insecure: (input.options.insecure as string[] | undefined) ?? [],
    });
    host.result(result, () => text(result, host));
    return 0;
  },
});

/** The notebook's bundle (trained where it has changed), or the bundle that was named. */
async function findGiven(
  host: Host,
  layout: ProjectLayout,
  given: string | undefined,
  notebook: string | null,
): Promise<{ dir: string; name: string; digest: string }> {
  const { findBundle, readBundle } = await import("../actions/bundle/index.js");
  if (notebook === null) {
    const dir = await findBundle(host.cwd, layout, given);
    const { index } = await readBundle(dir);
    return { dir, name: index.name, digest: index.digest };
  }
  const [{ train }, { trainInput }, { notProved }] = await Promise.all([
    import("../actions/train/index.js"),
    import("./train.js"),
    import("../actions/deploy/candidate.js"),
  ]);
  const trained = await train(host, trainInput(notebook, { args: [], rest: [], options: {} }));
  if (trained.bundle === null) throw notProved(trained);
  return { ...trained.bundle, name: trained.name };
}

function sinksOf(input: CommandInput, reference: Reference | null): Sink[] {
  const sinks: Sink[] = [];
  if (input.options.push === true) {
    if (reference === null) {
      throw new UserError("IAPP_BUILD_REPOSITORY", "it is not said where to push the image", {
        remedy: "Give --repository registry.example/team/name, or set image.repository in iapp.yaml.",
      });
    }
    sinks.push({ kind: "registry", reference });
  }
  for (const where of (input.options.output as string[] | undefined) ?? []) {
    const [, kind, path] = /^(oci|archive):(.+)$/.exec(where) ?? [];
    if (path === undefined) {
      throw new UserError("IAPP_BUILD_OUTPUT", `${JSON.stringify(where)} is not a place for an image`, {
        remedy: "Write oci:FOLDER or archive:FILE.tar.",
      });
    }
    sinks.push(kind === "oci" ? { kind: "layout", folder: path } : { kind: "archive", path });
  }
  const engine = input.options.load as Engine | undefined;
  if (engine !== undefined) sinks.push({ kind: "load", engine });
  return sinks;
}

/** Clusters are linux/amd64 unless somebody says otherwise, whatever the laptop is. */
function platformOf(input: CommandInput, config: Config): string {
  const asked = (input.options.platform as string | undefined) ?? config.image?.platform;
  return asked ?? "linux/amd64";
}

function text(result: BuildResult, host: Host): string {
  const { style } = host;
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const own = result.layers.filter(({ base }) => !base);
  const lines = own.map(({ note, bytes }) => `  ${megabytes(bytes).padStart(9)}  ${note}`);
  const base = result.layers.filter((layer) => layer.base).reduce((sum, { bytes }) => sum + bytes, 0);
  const where = result.delivered.map(({ where: place, sent_bytes }) =>
    sent_bytes === null ? `  ${place}` : `  ${place}  ${style.dim(`${megabytes(sent_bytes)} sent`)}`,
  );
  return [
    `  ${megabytes(base).padStart(9)}  ${style.dim(`base image ${result.base}`)}`,
    ...lines,
    "",
    ...where,
    "",
    result.reference,
  ].join("\n");
}
