import { basename, relative } from "node:path";
import type { Program, RecordDocument, VerificationDocument } from "../../core/contract.js";
import type { Context } from "../../core/events.js";
import { exec } from "../../core/exec.js";
import type { Lineage, ModelSummary } from "../../core/lineage.js";
import { digestFile } from "./digest.js";

export interface LineageInput {
  root: string;
  name: string;
  program: Program;
  record: RecordDocument;
  verification: VerificationDocument;
  models: Record<string, ModelSummary>;
}

/** Where a bundle came from. Paths are relative to the project, so that two checkouts give the same document. */
export async function lineageOf(ctx: Context, input: LineageInput): Promise<Lineage> {
  const { root, program, record, verification } = input;
  const inside = (path: string): string => relative(root, path).replaceAll("\\", "/") || path;
  return {
    schema: "iapp.lineage/1",
    name: input.name,
    notebook: { path: inside(program.notebook), sha256: (await digestFile(program.notebook)).sha256 },
    git: await gitState(ctx, root),
    parameters: program.parameters.map(({ name, value, given }) => ({
      name,
      value,
      ...(given === undefined ? {} : { given }),
    })),
    data_files: record.data_files.map((file) => ({ ...file, path: inside(file.path) })),
    modules: record.modules.map((module) => ({ ...module, path: inside(module.path) })),
    python: { training: record.python, scoring: verification.python },
    packages: { training: record.packages, scoring: verification.packages },
    served: record.served,
    source: record.source && {
      name: record.source.name,
      cell: record.source.cell,
      call: record.source.call,
      rows: record.source.rows,
      target: record.source.target,
    },
    task: record.task,
    cells: record.cells,
    frozen: record.frozen.map(({ name, access, summary, origin }) => ({
      name,
      access,
      summary,
      cell: origin.cell,
      text: origin.text,
    })),
    models: record.models.map((model) => ({
      name: model.name,
      file: `model/${basename(model.file)}`,
      cell: model.origin.cell,
      text: model.origin.text,
      class: input.models[model.name]?.class ?? model.class,
      params: input.models[model.name]?.params ?? {},
    })),
    checks: record.checks,
    warnings: record.warnings,
    failures: record.failures.map(({ cell, line, ename, evalue, matters, why }) => ({
      cell,
      line,
      ename,
      evalue,
      matters,
      why,
    })),
  };
}

/** The commit of the project and whether files differ from it; null outside of a repository or without git. */
export async function gitState(ctx: Context, root: string): Promise<Lineage["git"]> {
  const git = async (...args: string[]): Promise<string | null> => {
    try {
      const done = await exec("git", args, { cwd: root, env: ctx.env, timeout: 10_000 });
      return done.code === 0 ? done.stdout.trim() : null;
    } catch {
      return null;
    }
  };
  const commit = await git("rev-parse", "--verify", "HEAD");
  if (commit === null || !/^[0-9a-f]{40,64}$/.test(commit)) return null;
  return { commit, changed: (await git("status", "--porcelain", "--", ".")) !== "" };
}
