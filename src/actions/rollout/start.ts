import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { myself } from "../../core/identity.js";
import { acquireLock } from "../../core/lock.js";
import { quoted } from "../../core/quoted.js";
import { appPaths } from "../../local/paths.js";
import { LocalRolloutStore, readRollout } from "../../local/rollout-store.js";
import { readState } from "../../local/state.js";
import type { ProjectLayout } from "../../project/layout.js";
import { contractBreaks } from "../../rollout/contract.js";
import { newRollout, type RolloutPlan, type RolloutState } from "../../rollout/state.js";
import { type App, adopt, handleOf } from "../apps/index.js";
import { readBundle } from "../bundle/index.js";
import type { Candidate } from "../deploy/candidate.js";
import { addVersion, isAnswering } from "../deploy/index.js";
import { currentVersion, planDeploy } from "../deploy/plan.js";
import { driveRollout } from "./drive.js";
import { launchDriver } from "./launch.js";
import { refuseUnfinished } from "./unfinished.js";

export interface RolloutInput extends RolloutPlan {
  layout: ProjectLayout;
  name: string;
  source: string;
  prepare: (ctx: Context) => Promise<Candidate>;
  allowContractChange: boolean;
  /** Leave it to a process of its own. */
  detach: boolean;
}

export type RolloutOutcome =
  | { kind: "unchanged"; version: string }
  | { kind: "detached"; state: RolloutState }
  | { kind: "ended"; state: RolloutState };

/** Begins a rollout beside what serves now and drives it, or leaves it to a process of its own. */
export async function startRollout(ctx: Context, input: RolloutInput): Promise<RolloutOutcome> {
  const dir = join(input.layout.apps, input.name);
  const command = `iapp rollout ${quoted(input.source)}`;
  const lock = await acquireLock(appPaths(dir).operationLock, { command, signal: ctx.signal });
  let app: App;
  try {
    const begun = await begin(ctx, dir, input);
    if (begun.kind === "unchanged") return begun;
    app = begun.app;
    if (!input.detach) return { kind: "ended", state: await driveRollout(ctx, app, lock) };
  } finally {
    await lock.release();
  }
  launchDriver(ctx, app);
  return { kind: "detached", state: (await readRollout(dir))! };
}

async function begin(
  ctx: Context,
  dir: string,
  input: RolloutInput,
): Promise<{ kind: "unchanged"; version: string } | { kind: "begun"; app: App }> {
  const { layout, name } = input;
  await refuseUnfinished(dir, name);
  const state = await readState(dir);
  const current = state === null ? null : currentVersion(state);
  if (state === null || current === null || !isAnswering(state)) {
    throw nothingToRollOut(name, input.source);
  }
  const app: App = { name, layout, handle: handleOf(ctx, dir), state };
  adopt(ctx, app);
  const candidate = await input.prepare(ctx);
  const plan = planDeploy(state, candidate, true);
  if (plan.kind !== "new") return { kind: "unchanged", version: plan.version };
  const before = state.versions.find((version) => version.name === current)!;
  if (!input.allowContractChange) await refuseBreaks(before.bundle.dir, candidate.bundle.dir, current);
  const version = await addVersion(ctx, app, plan, candidate, undefined);
  const rollout = plannedRollout(input, current, version.name, ctx.now());
  await new LocalRolloutStore(dir).create(rollout);
  return { kind: "begun", app };
}

/** @throws UserError when requests that the old version takes would be refused, or answered otherwise */
export async function refuseBreaks(before: string, after: string, current: string): Promise<void> {
  const breaks = contractBreaks((await readBundle(before)).contract, (await readBundle(after)).contract);
  if (breaks.length === 0) return;
  throw new UserError(
    "IAPP_ROLLOUT_CONTRACT",
    `the new version would refuse or answer otherwise what ${current} takes`,
    {
      lines: breaks,
      remedy: "Callers must be ready first; then roll out with --allow-contract-change.",
    },
  );
}

export function nothingToRollOut(name: string, source: string, flag = ""): UserError {
  return new UserError("IAPP_ROLLOUT_NOTHING", `${name} does not serve: there is nothing to roll out beside`, {
    remedy: `Deploy it first: iapp deploy ${quoted(source)}${flag}`,
  });
}

/** A rollout as it begins. */
export function plannedRollout(
  { stages, bakeMs: bake_ms, limits, shadow, sticky, expect }: RolloutPlan,
  from: string,
  to: string,
  now: number,
): RolloutState {
  const id = `${to}-${randomBytes(4).toString("hex")}`;
  return newRollout({ id, from, to, by: myself(), stages, bake_ms, limits, shadow, sticky, expect }, now);
}
