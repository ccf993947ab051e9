import { join } from "node:path";
import type { RecordDocument, VerificationDocument } from "../../core/contract.js";
import { IappError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { readJson } from "../../core/fs.js";
import { installedPackages } from "../../project/environment/linked.js";
import { type EnvironmentPlan, merged, specifier } from "../../project/era/index.js";
import { attempt } from "./attempt.js";
import { lessonOf } from "./lesson.js";
import { readAgreement } from "./outputs.js";
import { keyedPlan, type Prepared, planDigest, planWith, prepare, settledPlan } from "./prepare.js";
import { reusableRun } from "./runs.js";
import type { RunDocument, TrainInput, TrainResult } from "./types.js";
import { runUpstream } from "./upstream.js";

export type { TrainInput, TrainResult, TrainStatus } from "./types.js";

/**
 * Runs a notebook as a training job and writes a proved bundle, or says precisely why not. Where nothing has changed since the last
 * verified run, that run's bundle is the result. A notebook that fails because today's libraries are not those it was written for is run
 * again with those of its time, as far as its errors tell.
 */
export async function train(ctx: Context, input: TrainInput): Promise<TrainResult> {
  const prepared = await prepare(ctx, input);
  await runUpstream(ctx, input, prepared);
  const keyed = await keyedPlan(ctx, prepared, input);
  const known = input.force ? null : await reusableRun(prepared.layout, keyed.key);
  if (known !== null) return reuse(known, prepared);
  const settled = await settledPlan(ctx, prepared, input, keyed);
  const { key } = settled;
  let { plan, learned } = settled;
  for (const { code, cell, text } of prepared.program.remarks)
    ctx.emit({ code: "train.remark", level: "warn", text, data: { remark: code, cell } });
  let last: TrainResult | null = null;
  let verified: TrainResult | null = null;
  for (let n = 1; ; n++) {
    tell(ctx, plan);
    const result = await attempt(ctx, { input, prepared, plan, key, learned }).catch((error: unknown) => {
      if (prepared.era === null && plan.bounds.length > 0 && isUnresolvable(error)) return null;
      throw error;
    });
    if (result === null) {
      ctx.emit({
        code: "env.era",
        level: "warn",
        text: `${narrowing(plan)} cannot be had together with the rest${last === null ? "; the newest versions are used" : ""}`,
      });
      if (last !== null) return verified ?? last;
      prepared.era = "newest";
      learned = [];
      plan = await planWith(ctx, prepared, input, learned);
      continue;
    }
    last = result;
    // Other versions are tried for a better run: where they give none, what is proved stays.
    if (verified !== null && result.status !== "verified") return verified;
    verified = result.status === "verified" ? result : null;
    const free = prepared.era === null && installedPackages(ctx.env) === null;
    const lesson = free ? lessonOf(result, prepared.program, prepared.notebook, n) : null;
    if (lesson === null) return result;
    learned = merged([...learned, ...lesson.bounds]);
    const next = await planWith(ctx, prepared, input, learned);
    if (planDigest(next, input) === planDigest(plan, input)) return result;
    ctx.emit({ code: "env.era", level: "warn", text: `${lesson.why}: once more with ${narrowing(next)}` });
    plan = next;
  }
}

/** Versions that were only concluded may not go together with what the project asks for. */
const isUnresolvable = (error: unknown): boolean =>
  error instanceof IappError && /^IAPP_ENV_(CONFLICT|BUILD|NO_PACKAGE)$/.test(error.code);

function tell(ctx: Context, { wish, python, bounds }: EnvironmentPlan): void {
  for (const note of wish.notes) ctx.emit({ code: "env.note", level: "info", text: note });
  const author = wish.author === null ? "" : `, versions of ${wish.author}`;
  ctx.emit({
    code: "env.python",
    level: "info",
    text: `Python ${python.interpreter.version} (${python.why})${author}`,
  });
  for (const bound of bounds) {
    ctx.emit({
      code: "env.bound",
      level: "info",
      text: `${bound.distribution}${specifier(bound)}, because of ${bound.why}`,
      data: { ...bound },
    });
  }
}

function narrowing({ bounds }: EnvironmentPlan): string {
  const named = bounds.map((bound) => `${bound.distribution}${specifier(bound)}`);
  return named.length > 4 ? `${named.slice(0, 4).join(", ")} and others` : named.join(", ");
}

async function reuse({ dir, run }: { dir: string; run: RunDocument }, { name }: Prepared): Promise<TrainResult> {
  const record = await readJson<RecordDocument>(join(dir, "record.json"));
  return {
    schema: "iapp.train/1",
    status: "verified",
    runId: run.id,
    runDir: dir,
    name,
    notebook: run.notebook,
    bundle: run.bundle,
    record,
    verification: await readJson<VerificationDocument>(join(dir, "verification.json")),
    agreement: await readAgreement(dir),
    problem: null,
    reused: true,
    notes: ["code, parameters, data files and environment are as they were: the earlier run's bundle is used"],
    environment: { dir: "", python: "", version: record?.python ?? "", digest: "" },
    scoring: run.scoring,
  };
}
