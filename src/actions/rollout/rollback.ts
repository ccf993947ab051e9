import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { acquireLock } from "../../core/lock.js";
import { appPaths } from "../../local/paths.js";
import { readRollout } from "../../local/rollout-store.js";
import { readState } from "../../local/state.js";
import { isOver } from "../../rollout/state.js";
import { adopt, resolveApp } from "../apps/index.js";
import { bringUp } from "../deploy/apply.js";
import { fromBundle } from "../deploy/candidate.js";
import { currentVersion } from "../deploy/plan.js";
import { requestRollout } from "./control.js";

export interface RollbackResult {
  schema: "iapp.rollback/1";
  app: string;
  from: string | null;
  to: string;
  /** It ended a rollout that was under way: the old version had never stopped. */
  aborted: boolean;
  seconds: number;
}

/**
 * Back to a version: the one before, where none is named. While a rollout is under way this ends it. The version's number stays its own:
 * what is undone is which of them gets the requests.
 */
export async function rollback(ctx: Context, name: string | undefined, wanted: string | null): Promise<RollbackResult> {
  const began = ctx.now();
  const app = await resolveApp(ctx, name);
  const rollout = await readRollout(app.handle.dir);
  const seconds = (): number => (ctx.now() - began) / 1000;
  if (rollout !== null && !isOver(rollout)) {
    if (wanted !== null && wanted !== rollout.from) {
      throw new UserError("IAPP_ROLLOUT_UNDER_WAY", `${rollout.to} is being rolled out: first end that`, {
        remedy: `iapp rollback ${app.name} goes back to ${rollout.from}.`,
      });
    }
    await requestRollout(ctx, app.name, "abort", "rollback");
    return {
      schema: "iapp.rollback/1",
      app: app.name,
      from: rollout.to,
      to: rollout.from,
      aborted: true,
      seconds: seconds(),
    };
  }
  const lock = await acquireLock(appPaths(app.handle.dir).operationLock, {
    command: "iapp rollback",
    signal: ctx.signal,
  });
  try {
    adopt(ctx, app);
    const state = (await readState(app.handle.dir)) ?? app.state;
    const current = state.desired.running ? currentVersion(state) : null;
    const target = targetOf(state, current, wanted);
    const candidate = await fromBundle(target.bundle.dir, target.bundle.digest, target.command[0]!);
    await bringUp(ctx, { ...app, state }, target, current, candidate);
    return {
      schema: "iapp.rollback/1",
      app: app.name,
      from: current,
      to: target.name,
      aborted: false,
      seconds: seconds(),
    };
  } finally {
    await lock.release();
  }
}

/** The named version, else the last one that got all requests before the present one. */
export function targetOf<V extends { name: string }>(
  { versions, history }: { versions: readonly V[]; history: readonly { what: string; version: string | null }[] },
  current: string | null,
  wanted: string | null,
): V {
  const served = history.filter(({ what }) => what === "deployed").map(({ version }) => version);
  const name = wanted ?? served.filter((version) => version !== null && version !== current).at(-1) ?? null;
  const found = versions.find((version) => version.name === name);
  if (found !== undefined && found.name !== current) return found;
  const others = versions.map((version) => version.name).filter((one) => one !== current);
  throw new UserError(
    "IAPP_ROLLBACK_NONE",
    wanted === null
      ? "no version has served before the present one"
      : wanted === current
        ? `${wanted} has all requests already`
        : `there is no version ${wanted}`,
    { remedy: others.length === 0 ? "There is nothing to go back to." : `There is: ${others.join(", ")}.` },
  );
}
