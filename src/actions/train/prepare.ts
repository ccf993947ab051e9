import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { configEnvironment, projectConfig } from "../../config/index.js";
import type { Program } from "../../core/contract.js";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { slug } from "../../core/slug.js";
import { buildProgram, type Notebook, parseNotebook, type StaticReport, staticReport } from "../../notebook/index.js";
import { environmentDigest } from "../../project/environment/index.js";
import { installedPackages } from "../../project/environment/linked.js";
import {
  checkedEra,
  type EnvironmentPlan,
  getPython,
  planEnvironment,
  type VersionBound,
} from "../../project/era/index.js";
import { type Exchanged, exchangedFiles } from "../../project/exchange.js";
import { exchangeRemarks } from "../../project/exchange-words.js";
import { findProject, type ProjectLayout } from "../../project/layout.js";
import { pathsOf, undecided } from "../../project/twin-words.js";
import { twinsOf } from "../../project/twins.js";
import { localModules } from "../../project/wanted.js";
import { pythonParser } from "../check/parser.js";
import { learnedFrom } from "./runs.js";
import type { TrainInput } from "./types.js";

declare const IAPP_BUILD: string;
/** Digest of iapp's own source, set by the bundler: what another build has trained is not taken for this one's work. */
const BUILD: string = typeof IAPP_BUILD === "string" ? IAPP_BUILD : "source";

export interface Prepared {
  layout: ProjectLayout;
  name: string;
  notebook: Notebook;
  report: StaticReport;
  /** Files that other notebooks of the project write for this one. */
  exchanged: Exchanged[];
  program: Program;
  packages: readonly string[];
  python: string | null;
  era: string | null;
  serving: ServingSettings;
}

/** What the project says of its service: goes into the contract that the bundle carries. */
export interface ServingSettings {
  strict: boolean;
  on_dropped_rows: "refuse" | "score";
  rows: number | null;
  body_bytes: number | null;
}

/**
 * Reads the notebook and the project's configuration and plans the run. Nothing is written. What the project says of cells, parameters and
 * models is about the notebook that is served, not about one that only writes files for it.
 */
export async function prepare(
  ctx: Context,
  input: TrainInput,
  role: "served" | "upstream" = "served",
): Promise<Prepared> {
  const layout = await findProject(dirname(input.notebook));
  const { config: whole, warnings } = await projectConfig(layout.root);
  const config = role === "served" ? whole : { ...whole, name: undefined, parameters: {}, serve: undefined, skip: [] };
  for (const { message } of role === "served" ? warnings : [])
    ctx.emit({ code: "config.warning", level: "warn", text: message });
  const bytes = await readFile(input.notebook).catch((cause: NodeJS.ErrnoException) => {
    throw new UserError(
      "IAPP_NOTEBOOK_MISSING",
      cause.code === "EISDIR" ? "it is a folder, not a notebook" : "there is no such notebook",
      {
        where: input.notebook,
        remedy: "Check the path; `ls *.ipynb` shows the notebooks of a folder.",
        cause,
      },
    );
  });
  const notebook = parseNotebook(bytes, basename(input.notebook));
  const parser = await pythonParser();
  const workdir = dirname(input.notebook);
  const fromConfig = Object.entries(config.parameters ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const serve = {
    name: input.serve.name ?? config.serve?.model ?? null,
    cell: input.serve.cell ?? config.serve?.cell ?? null,
  };
  const limits = {
    cell_seconds: input.cellSeconds ?? config.limits?.cell_seconds ?? 3600,
    run_seconds: input.runSeconds ?? config.limits?.run_seconds ?? null,
  };
  const skip = config.skip ?? [];
  const report = staticReport(notebook, {
    parser,
    serve,
    skip,
    localModules: await localModules(workdir, layout.root),
  });
  const twins = await twinsOf(layout.root, workdir, report.data_files);
  const exchanged = await exchangedFiles(layout.root, input.notebook, report.data_files, parser);
  const program = buildProgram(notebook, {
    path: input.notebook,
    workdir,
    parser,
    parameters: [...fromConfig, ...input.parameters],
    skip,
    serve,
    limits,
    stopOnError: input.stopOnError,
    env: configEnvironment(config, ctx.env),
    order: report.order,
    missing: report.missing,
    paths: pathsOf(twins),
    remarks: [...undecided(twins, layout.root), ...exchangeRemarks(exchanged, report, layout.root)],
  });
  const name = slug(input.name ?? config.name ?? basename(input.notebook, ".ipynb")) ?? "app";
  return {
    layout,
    name,
    notebook,
    report,
    exchanged,
    program,
    packages: config.packages ?? [],
    python: input.python ?? config.python ?? null,
    era: checkedEra(input.era ?? config.era ?? null),
    serving: {
      strict: config.strict,
      on_dropped_rows: config.on_dropped_rows,
      rows: config.limits?.request_rows ?? null,
      body_bytes: config.limits?.request_bytes ?? null,
    },
  };
}

/** The digest of a planned environment. */
export const planDigest = ({ wish, python }: EnvironmentPlan, { resolver, cuda }: TrainInput): string =>
  environmentDigest(wish, python.interpreter, resolver, cuda);

async function planFor(ctx: Context, prepared: Prepared, learned: readonly VersionBound[]): Promise<EnvironmentPlan> {
  const { layout, program, notebook, report, packages, python, era } = prepared;
  return planEnvironment(ctx, {
    root: layout.root,
    notebookFolder: program.workdir,
    notebook,
    report,
    parser: await pythonParser(),
    packages,
    python: { explicit: python, notebook: program.language_version },
    era,
    learned,
  });
}

export interface Keyed {
  /** From the notebook and the project alone. */
  plan: EnvironmentPlan;
  /** Runs with this key can be reused. */
  key: string;
}

/** The plan and the key of a run, from what is on this machine: nothing is fetched or made. */
export async function keyedPlan(ctx: Context, prepared: Prepared, input: TrainInput): Promise<Keyed> {
  const plan = await planFor(ctx, prepared, []);
  return { plan, key: runKey(prepared, plan, input) };
}

/** The plan with what earlier runs have shown, and with a Python that is got for it where that can be. */
export async function settledPlan(
  ctx: Context,
  prepared: Prepared,
  input: TrainInput,
  known: Keyed,
): Promise<Keyed & { learned: VersionBound[] }> {
  const keyed = (await gotPython(ctx, known.plan, input)) ? await keyedPlan(ctx, prepared, input) : known;
  const learned = await learnedFrom(prepared.layout, keyed.key);
  const plan = learned.length === 0 ? keyed.plan : await planWith(ctx, prepared, input, learned);
  return { plan, key: keyed.key, learned };
}

/** The plan with what has been learned, and with a Python that is got for it where that can be. */
export async function planWith(
  ctx: Context,
  prepared: Prepared,
  input: TrainInput,
  learned: readonly VersionBound[],
): Promise<EnvironmentPlan> {
  const plan = await planFor(ctx, prepared, learned);
  return (await gotPython(ctx, plan, input)) ? planFor(ctx, prepared, learned) : plan;
}

/** In a container of ours, and without uv, what is there has to do. */
async function gotPython(
  ctx: Context,
  { lacking, python }: EnvironmentPlan,
  { resolver }: TrainInput,
): Promise<boolean> {
  if (lacking === null || resolver !== "uv" || installedPackages(ctx.env) !== null) return false;
  return getPython(ctx, lacking, python.interpreter);
}

/**
 * Digest of what decides a run's outcome besides its data files: the code of the cells (not outputs, not text), parameters, what is
 * served, the environment, and iapp itself.
 */
function runKey({ program, serving, name }: Prepared, plan: EnvironmentPlan, input: TrainInput): string {
  const { cells, parameters, serve, env, workdir, notebook, stop_on_error, answers, paths } = program;
  const code = cells.map(({ cell, source, skip, directives, magics }) => [
    cell,
    source,
    skip,
    directives,
    magics.map(({ text, action }) => [text, action]),
  ]);
  const parts = [
    name,
    notebook,
    workdir,
    code,
    parameters,
    serve,
    Object.entries(env).sort(),
    stop_on_error,
    answers,
    paths,
    planDigest(plan, input),
    BUILD,
    serving,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
