import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exec } from "../../core/exec.js";
import { findUv } from "../environment/uv.js";
import {
  type ChosenPython,
  choosePython,
  type Interpreter,
  OLDEST,
  type PythonWish,
  pythonOfMinor,
} from "../python.js";
import { type EnvironmentWish, environmentWish, type WishInput } from "../wanted.js";
import { narrowed, relevant, specifier } from "./apply.js";
import { boundsOf, eraBounds, merged, pythonFor, type VersionBound } from "./bounds.js";

export interface PlanInput extends WishInput {
  python: PythonWish;
  /** `2022-06`: everything as it was then. `newest`: nothing is narrowed. Null: what the notebook's own code needs. */
  era: string | null;
  /** Learned from a run that failed. */
  learned: readonly VersionBound[];
}

export interface EnvironmentPlan {
  python: ChosenPython;
  wish: EnvironmentWish;
  /** The bounds that are kept, in the order of their distributions. */
  bounds: VersionBound[];
}

/** Whether a text names an era: a month, or `newest`. */
export function checkedEra(era: string | null): string | null {
  if (era === null || era === "newest") return era;
  if (/^20[12]\d-(0[1-9]|1[0-2])$/.test(era)) return era;
  throw new UserError("IAPP_ERA", `${JSON.stringify(era)} is no era`, {
    remedy: "Give a month such as 2022-06, or newest.",
  });
}

/**
 * The environment of a notebook's time: the newest versions that still have everything its code uses, and a Python they are built for.
 * What no Python here can have is given up with a note: the run shows whether it matters.
 */
export async function planEnvironment(ctx: Context, input: PlanInput): Promise<EnvironmentPlan> {
  const { era, learned } = input;
  const own = era === "newest" ? [] : boundsOf(input.report.apis);
  const wish = await environmentWish(ctx, input);
  const dated = era === null || era === "newest" ? [] : eraBounds(era);
  const bounds = relevant(merged([...own, ...dated, ...learned]), wish);
  const possible = bounds.filter((bound) => pythonFor(bound) > 0);
  const notes = bounds
    .filter((bound) => pythonFor(bound) === 0)
    .map(
      (bound) =>
        `${bound.why}: ${bound.distribution}${specifier(bound)} runs with no Python from 3.${OLDEST} on; a newer one is used`,
    );
  const chosen = await choosePython(ctx, input.python);
  const newest = Math.min(...possible.map(pythonFor));
  const python =
    Number(minorOf(chosen.interpreter)) <= newest || input.python.explicit !== null
      ? chosen
      : ((await olderPython(ctx, chosen.interpreter, newest, possible)) ?? chosen);
  const minor = minorOf(python.interpreter);
  const kept = possible.filter((bound) => minor <= pythonFor(bound));
  for (const bound of possible) {
    if (!kept.includes(bound))
      notes.push(
        `${bound.why}: ${bound.distribution}${specifier(bound)} is not built for Python ${python.interpreter.minor}, and Python 3.${pythonFor(bound)} is not found here; a newer one is used`,
      );
  }
  const narrow = narrowed(wish, kept);
  return { python, wish: { ...narrow, notes: [...narrow.notes, ...notes] }, bounds: kept };
}

const minorOf = ({ minor }: Interpreter): number => Number(minor.split(".")[1]);

/** The newest Python of this machine that the bounds allow, or one that uv can get. */
async function olderPython(
  ctx: Context,
  { path }: Interpreter,
  newest: number,
  bounds: readonly VersionBound[],
): Promise<ChosenPython | null> {
  const tightest = bounds.find((bound) => pythonFor(bound) === newest)!;
  const why = `${tightest.distribution}${specifier(tightest)} is built for none newer`;
  for (let minor = newest; minor >= OLDEST; minor--) {
    const found = await pythonOfMinor(ctx, `3.${minor}`);
    if (found !== null) return { interpreter: found, why };
  }
  const uv = await findUv(ctx, { path } as Interpreter).catch(() => null);
  if (uv === null) return null;
  ctx.emit({ code: "env.python.get", level: "progress", text: `getting Python 3.${newest}` });
  const got = await exec(uv, ["python", "install", "--quiet", `3.${newest}`], {
    env: ctx.env,
    signal: ctx.signal,
    timeout: 5 * 60_000,
  }).catch(() => null);
  const found = got?.code === 0 ? await pythonOfMinor(ctx, `3.${newest}`) : null;
  return found === null ? null : { interpreter: found, why };
}
