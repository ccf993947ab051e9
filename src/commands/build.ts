import { dirname, resolve } from "node:path";
import {
  type BuildPlan,
  type BuildResult,
  buildScoring,
  buildTool,
  buildTraining,
  ENGINES,
  type Engine,
  parseReference,
  type Reference,
  type Sink,
} from "../actions/build/index.js";
import { type Config, projectConfig } from "../config/index.js";
import { UserError } from "../core/errors.js";
import type { Host } from "../core/host.js";
import { packageVersion } from "../core/package-root.js";
import { findProject, type ProjectLayout } from "../project/layout.js";
import { type CommandInput, defineCommand } from "./command.js";
import { TRAIN_OPTIONS, trainInput } from "./train.js";

export default defineCommand({
  summary: "make a container image of a proved bundle, or of a training job, without Docker",
  description:
    "Puts the packages that scoring needs, iapp's runtime and the bundle onto a Python base image, and sends the result to a registry, into a folder or file, or to a container engine. The same bundle gives the same digest on every machine; what did not change is neither built nor sent again. With --kind training the image holds the project instead, and trains when it is run; with --kind tool it holds iapp itself. The last line on standard output is the image.",
  arguments: [
    {
      name: "[bundle]",
      summary: "a notebook; or a bundle: its folder, or the beginning of its digest (default: the newest)",
    },
  ],
  options: [
    {
      flags: "--kind <kind>",
      summary: "what the image does",
      choices: ["scoring", "training", "tool"],
      default: "scoring",
    },
    { flags: "--push", summary: "send it to the registry that --repository or iapp.yaml names" },
    { flags: "--repository <name>", summary: "registry.example/team/name" },
    { flags: "--tag <tag>", summary: "tag (default: the beginning of the bundle's digest, or `training`)" },
    { flags: "--output <where>", summary: "oci:FOLDER or archive:FILE.tar (repeatable)", collect: true },
    { flags: "--load <engine>", summary: "hand it to a container engine here", choices: [...ENGINES] },
    { flags: "--dockerfile <folder>", summary: "also write a build context with a Dockerfile of an equal image" },
    { flags: "--base <image>", summary: "base image: a reference, or oci:FOLDER[:TAG]" },
    { flags: "--platform <platform>", summary: "what it runs on", choices: ["linux/amd64", "linux/arm64"] },
    { flags: "--insecure <registry>", summary: "speak plain HTTP with this registry (repeatable)", collect: true },
    { flags: "--allow-secrets", summary: "training: put files in although they look like secrets" },
    { flags: "--max-size <megabytes>", summary: "training: most that the project's files may have", default: "500" },
    ...TRAIN_OPTIONS,
  ],
  examples: [
    "iapp build --push --repository registry.example/team/churn",
    "iapp build 3f9c2a --output oci:image --base registry.example/mirror/python:3.11-slim",
    "iapp build churn.ipynb --load podman",
    "iapp build --kind tool --push --repository registry.example/team/iapp",
    "iapp build churn.ipynb --kind training --push --repository registry.example/team/churn-train",
  ],
  async run(input, host) {
    const given = input.args[0];
    const notebook = given?.endsWith(".ipynb") === true ? resolve(host.cwd, given) : null;
    const layout = await findProject(notebook === null ? host.cwd : dirname(notebook));
    const { config } = await projectConfig(layout.root);
    const builders = { scoring, training, tool };
    const build = builders[input.options.kind as keyof typeof builders];
    const result = await build(host, layout, config, input, notebook);
    host.result(result, () => text(result, host));
    return 0;
  },
});

async function scoring(
  host: Host,
  layout: ProjectLayout,
  config: Config,
  input: CommandInput,
  notebook: string | null,
): Promise<BuildResult> {
  const { dir, name, digest } = await findGiven(host, layout, input, notebook);
  const dockerfile = input.options.dockerfile as string | undefined;
  return buildScoring(host, {
    ...planOf(layout, config, input, name, digest.slice(0, 12)),
    bundle: dir,
    dockerfile: dockerfile === undefined ? null : resolve(host.cwd, dockerfile),
  });
}

async function training(
  host: Host,
  layout: ProjectLayout,
  config: Config,
  input: CommandInput,
  given: string | null,
): Promise<BuildResult> {
  const notebook = given ?? (config.notebook === undefined ? null : resolve(layout.root, config.notebook));
  if (notebook === null) {
    throw new UserError("IAPP_BUILD_NOTEBOOK", "it is not said which notebook the image shall train", {
      remedy: "Name it: iapp build NOTEBOOK --kind training",
    });
  }
  const megabytes = Number(input.options.maxSize);
  if (!(megabytes > 0)) {
    throw new UserError("IAPP_CLI_NUMBER", `--max-size ${String(input.options.maxSize)} is not a number of megabytes`);
  }
  const { slug } = await import("../core/slug.js");
  const name = slug(config.name ?? notebook.replace(/^.*\/|\.ipynb$/g, "")) ?? "app";
  return buildTraining(host, {
    ...planOf(layout, config, input, `${name}-training`, "training"),
    train: trainInput(notebook, input),
    allowSecrets: input.options.allowSecrets === true,
    maxBytes: megabytes * 1e6,
  });
}

async function tool(host: Host, layout: ProjectLayout, config: Config, input: CommandInput): Promise<BuildResult> {
  // The project's base image and repository are for what it serves, not for iapp.
  const { image: _image, ...rest } = config;
  return buildTool(host, planOf(layout, rest, input, "iapp", packageVersion()));
}

function planOf(layout: ProjectLayout, config: Config, input: CommandInput, name: string, tag: string): BuildPlan {
  const repository = (input.options.repository as string | undefined) ?? config.image?.repository ?? null;
  const wanted = (input.options.tag as string | undefined) ?? tag;
  const reference = parseReference(`${repository ?? `localhost/${name}`}:${wanted}`);
  const sinks = sinksOf(input, repository === null ? null : reference);
  // Clusters are linux/amd64 unless somebody says otherwise, whatever the laptop is.
  const platform = (input.options.platform as string | undefined) ?? config.image?.platform ?? "linux/amd64";
  return {
    layout,
    base: (input.options.base as string | undefined) ?? config.image?.base ?? null,
    platform: { os: "linux", architecture: platform.endsWith("arm64") ? "arm64" : "amd64" },
    name: reference,
    sinks: sinks.length > 0 ? sinks : [{ kind: "layout", folder: `${layout.state}/images/layout` }],
    insecure: (input.options.insecure as string[] | undefined) ?? [],
  };
}

/** The notebook's bundle (trained where it has changed), or the bundle that was named. */
async function findGiven(
  host: Host,
  layout: ProjectLayout,
  input: CommandInput,
  notebook: string | null,
): Promise<{ dir: string; name: string; digest: string }> {
  const { findBundle, readBundle } = await import("../actions/bundle/index.js");
  if (notebook === null) {
    const dir = await findBundle(host.cwd, layout, input.args[0]);
    const { index } = await readBundle(dir);
    return { dir, name: index.name, digest: index.digest };
  }
  const [{ train }, { notProved }] = await Promise.all([
    import("../actions/train/index.js"),
    import("../actions/deploy/candidate.js"),
  ]);
  const trained = await train(host, trainInput(notebook, input));
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
