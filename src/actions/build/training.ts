import { relative, sep } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { PLACES, USER } from "../../core/places.js";
import { digestOf } from "../../image/digest.js";
import type { Changes } from "../../image/image.js";
import { createEnvironment } from "../../project/environment/index.js";
import { lockedVersions } from "../../project/environment/lock-text.js";
import { writersText } from "../../project/exchange-words.js";
import { gitState } from "../bundle/lineage.js";
import { keyedPlan, prepare, settledPlan } from "../train/prepare.js";
import type { TrainInput } from "../train/types.js";
import { checkPython, defaultBase, openBase } from "./base.js";
import { type BuildPlan, type BuildResult, finishBuild, layerCache } from "./finish.js";
import { dependencyLayer } from "./layers.js";
import { lending } from "./lent.js";
import { projectLayer } from "./project-layer.js";
import { cliLayer, nodeLayer, workLayer } from "./tool-layers.js";

export interface TrainingInput extends BuildPlan {
  /** The notebook and how it is trained; flags become part of the image's command. */
  train: TrainInput;
  allowSecrets: boolean;
  maxBytes: number;
  /** Folders of the project that are left out: the job finds others in their place. */
  without?: string[];
}

/** Builds the image of a training job: packages, Node, iapp and the project. Its environment is resolved, and so locked, here. */
export async function buildTraining(ctx: Context, input: TrainingInput): Promise<BuildResult> {
  const began = ctx.now();
  const prepared = await prepare(ctx, input.train);
  const { layout, name, exchanged } = prepared;
  // The image has the packages of this notebook, not those of the notebooks before it.
  for (const file of exchanged.filter((one) => one.needed && !one.exists)) {
    const by = writersText(file, layout.root);
    const text = `${file.path} is not there: the image will run ${by} first, with this notebook's packages only; iapp train makes it beforehand`;
    ctx.emit({ code: "build.upstream", level: "warn", text });
  }
  const known = await keyedPlan(ctx, prepared, input.train);
  const { wish, python } = (await settledPlan(ctx, prepared, input.train, known)).plan;
  const { interpreter } = python;
  const cache = layerCache(ctx.env);
  const project = {
    root: layout.root,
    allowSecrets: input.allowSecrets,
    maxBytes: input.maxBytes,
    without: input.without ?? [],
  };
  // First what may be refused, then what takes long.
  const files = await projectLayer(ctx, cache, project);
  const { resolver, cuda } = input.train;
  const { lock } = await createEnvironment(ctx, { layout, wish, python: interpreter, resolver, cuda });
  const baseName = input.base ?? defaultBase(interpreter.minor);
  const base = await openBase(ctx, cache, baseName, input.platform, input.insecure);
  try {
    checkPython(base.image, baseName, interpreter.minor);
    const given = { cache, python: interpreter, platform: input.platform };
    const layers = [
      await dependencyLayer(ctx, given, lock),
      await nodeLayer(cache, input.platform),
      await cliLayer(cache),
      files,
      await workLayer(cache),
    ];
    const inside = relative(layout.root, input.train.notebook);
    if (inside.startsWith("..")) {
      throw new UserError("IAPP_BUILD_OUTSIDE", `${input.train.notebook} lies outside of the project ${layout.root}`);
    }
    const distributions = lockedVersions(lock);
    const labels = {
      "org.opencontainers.image.title": name,
      "org.opencontainers.image.base.name": baseName.startsWith("oci:") ? "oci-layout" : baseName,
      "org.opencontainers.image.base.digest": base.image.digest,
      "dev.iapp.kind": "training",
      "dev.iapp.lock": digestOf(lock),
    };
    const env = { IAPP_PYTHON: interpreter.minor, ...lending(Object.keys(distributions)).env };
    const changes = trainingChanges(inside.split(sep).join("/"), input.train, labels, env);
    const commit = (await gitState(ctx, layout.root))?.commit ?? null;
    const facts = { name, bundle: null, commit, packages: distributions };
    return await finishBuild(ctx, input, { kind: "training", base, layers, changes, facts, began });
  } finally {
    base.close();
  }
}

function trainingChanges(
  notebook: string,
  train: TrainInput,
  labels: Record<string, string>,
  env: Record<string, string>,
): Changes {
  const flags = [
    ...train.parameters.flatMap((one) => ["-p", one]),
    ...(train.name === null ? [] : ["--name", train.name]),
    ...(train.serve.name === null ? [] : ["--serve", train.serve.name]),
    ...(train.serve.cell === null ? [] : ["--cell", String(train.serve.cell)]),
    ...(train.cellSeconds === null ? [] : ["--cell-timeout", String(train.cellSeconds)]),
    ...(train.runSeconds === null ? [] : ["--timeout", String(train.runSeconds)]),
    ...(train.stopOnError ? ["--stop-on-error"] : []),
  ];
  return {
    user: USER,
    workingDir: `/${PLACES.work}`,
    entrypoint: ["node", `/${PLACES.cli}/bin/iapp.js`, "_job", notebook, ...flags],
    env: {
      IAPP_PACKAGES: `/${PLACES.lib}`,
      IAPP_PROJECT: `/${PLACES.project}`,
      HOME: `/${PLACES.work}`,
      PYTHONUNBUFFERED: "1",
      ...env,
    },
    labels,
    stopSignal: "SIGTERM",
  };
}
