import { join } from "node:path";
import { generate } from "../../codegen/index.js";
import type { ContractDocument, Program, RecordDocument, VerificationDocument } from "../../core/contract.js";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { readJson, writeFileAtomic, writeJson } from "../../core/fs.js";
import { createEnvironment, type Environment, scoringEnvironment } from "../../project/environment/index.js";
import type { EnvironmentPlan, VersionBound } from "../../project/era/index.js";
import type { Interpreter } from "../../project/python.js";
import { writeBundle } from "../bundle/index.js";
import { compareOutputs } from "./outputs.js";
import type { Prepared, ServingSettings } from "./prepare.js";
import { progressOf } from "./progress.js";
import { beginRun, dataOf, writeRun } from "./runs.js";
import { runStep } from "./runtime.js";
import type { RunDocument, TrainInput, TrainResult } from "./types.js";

export interface AttemptInput {
  input: TrainInput;
  prepared: Prepared;
  plan: EnvironmentPlan;
  /** Of the run's key: what the person's side of the outcome is. */
  key: string;
  learned: readonly VersionBound[];
}

/** Makes the planned environment and takes the notebook through it once: run, module, proof, bundle. */
export async function attempt(
  ctx: Context,
  { input, prepared, plan, key, learned }: AttemptInput,
): Promise<TrainResult> {
  const { layout, program, name } = prepared;
  const { wish, python } = plan;
  const { resolver, cuda } = input;
  const { interpreter } = python;
  const environment = await createEnvironment(ctx, { layout, wish, python: interpreter, resolver, cuda });
  for (const { name: absent, origin } of environment.left) {
    ctx.emit({
      code: "env.absent",
      level: "warn",
      text: `there is no package ${absent} (${origin}); the run goes on without it`,
    });
  }
  const { dir, run } = await beginRun(ctx, layout, {
    notebook: input.notebook,
    name,
    key,
    parameters: program.parameters,
    learned: [...learned],
  });
  try {
    const done = await carryOut(ctx, { dir, run, prepared, environment, interpreter, resolver });
    await writeRun(dir, { ...run, ...done.ended, ended: new Date(ctx.now()).toISOString() });
    return done.result;
  } catch (error) {
    const status = ctx.signal.aborted ? "interrupted" : "failed";
    await writeRun(dir, { ...run, status, ended: new Date(ctx.now()).toISOString() }).catch(() => undefined);
    throw error;
  }
}

interface Work {
  dir: string;
  run: RunDocument;
  prepared: Prepared;
  environment: Environment;
  interpreter: Interpreter;
  resolver: "uv" | "pip";
}

interface Ended {
  result: TrainResult;
  ended: Pick<RunDocument, "status" | "data" | "bundle" | "scoring">;
}

async function carryOut(ctx: Context, work: Work): Promise<Ended> {
  const { dir, prepared, environment } = work;
  const { program, layout, name } = prepared;
  const onEvent = progressOf(ctx);
  await writeJson(join(dir, "program.json"), program);
  await runStep(ctx, "run", environment.python, dir, onEvent);
  const record = await readJson<RecordDocument>(join(dir, "record.json"));
  if (record === null)
    throw new OperationError("IAPP_TRAIN_NO_RECORD", "the run ended without a record", {
      remedy: `Its logs are in ${dir}.`,
    });
  const data = await dataOf(record);
  const agreed = await compareOutputs(ctx, dir, prepared.notebook, record);
  const end = (status: TrainResult["status"], more: Partial<TrainResult> = {}): Ended => {
    const result: TrainResult = { ...outline(work, record), agreement: agreed, status, ...more };
    return { result, ended: { status, data, bundle: result.bundle, scoring: result.scoring } };
  };
  if (record.status === "refused") return end("refused");

  await generateInto(ctx, dir, program, record, null);
  await runStep(ctx, "probe", environment.python, dir, onEvent);
  const probe = await readJson<{ error: string | null }>(join(dir, "probe.json"));
  const learned = await readJson<ContractDocument>(join(dir, "contract.json"));
  if (learned === null) return end("failed", { problem: probe?.error ?? "the scoring module could not be tried" });
  const contract = withSettings(learned, prepared.serving);
  await writeJson(join(dir, "contract.json"), contract);
  await generateInto(ctx, dir, program, record, contract);

  await runStep(ctx, "needs", environment.python, dir, onEvent);
  const { distributions } = (await readJson<{ distributions: string[] }>(join(dir, "needs.json"))) ?? {
    distributions: [],
  };
  const scoring = await scoringEnvironment(ctx, layout, environment, work.interpreter, distributions, work.resolver);
  await runStep(ctx, "prove", scoring.python, dir, onEvent);
  const verification = await readJson<VerificationDocument>(join(dir, "verification.json"));
  if (verification === null) throw new OperationError("IAPP_TRAIN_NO_PROOF", "the proof ended without a verdict");
  const where = { dir: scoring.dir, python: scoring.python };
  if (!verification.equal) return end("unequal", { verification, scoring: where });
  const bundle = await writeBundle(ctx, {
    runDir: dir,
    layout,
    name,
    program,
    record,
    contract,
    verification,
    agreement: agreed,
    trainingLock: environment.lock,
    scoringLock: scoring.lock,
  });
  return end("verified", { verification, scoring: where, bundle });
}

function withSettings(learned: ContractDocument, serving: ServingSettings): ContractDocument {
  const { strict, on_dropped_rows, rows, body_bytes } = serving;
  const limits = {
    ...learned.limits,
    ...(rows === null ? {} : { rows }),
    ...(body_bytes === null ? {} : { body_bytes }),
  };
  return { ...learned, limits, strict, on_dropped_rows };
}

function outline({ dir, run, prepared, environment }: Work, record: RecordDocument): TrainResult {
  return {
    schema: "iapp.train/1",
    status: "failed",
    runId: run.id,
    runDir: dir,
    name: prepared.name,
    notebook: run.notebook,
    bundle: null,
    record,
    verification: null,
    agreement: null,
    problem: null,
    reused: false,
    notes: [environment.reused ? "the environment of an earlier run was used" : "a new environment was made"],
    environment: {
      dir: environment.dir,
      python: environment.python,
      version: environment.pythonVersion,
      digest: environment.digest,
    },
    scoring: null,
  };
}

async function generateInto(
  ctx: Context,
  dir: string,
  program: Program,
  record: RecordDocument,
  contract: ContractDocument | null,
): Promise<void> {
  const generated = generate(program, record, contract);
  for (const warning of generated.warnings)
    ctx.emit({ code: "train.generated", level: "debug", text: String(warning) });
  await writeFileAtomic(join(dir, "score.py"), generated["score.py"]);
  await writeFileAtomic(join(dir, "score.map.json"), generated["score.map.json"]);
}
