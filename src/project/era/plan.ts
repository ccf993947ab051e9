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
import { boundsOf, eraBounds, fitting, merged, outOfReach, pythonFor, type VersionBound } from "./bounds.js";

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
  /** Minor version of a Python 3 that is not here and with which more bounds could be kept; null: none. */
  lacking: number | null;
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
 * What no Python here can have is given up with a note: the run shows whether it matters. Looks only at what is on this machine.
 */
export async function planEnvironment(ctx: Context, input: PlanInput): Promise<EnvironmentPlan> {
  const { era, learned } = input;
  const own = era === "newest" ? [] : boundsOf(input.report.apis);
  const wish = await environmentWish(ctx, input);
  const dated = era === null || era === "newest" ? [] : eraBounds(era);
  const bounds = relevant(merged([...own, ...dated, ...learned]), wish);
  const possible = fitting(bounds, OLDEST);
  const chosen = await choosePython(ctx, input.python);
  const { python, lacking } =
    input.python.explicit === null ? await pythonWithin(ctx, chosen, possible) : { python: chosen, lacking: null };
  const kept = fitting(possible, minorOf(python.interpreter));
  const notes = bounds
    .filter((bound) => !kept.includes(bound))
    .map((bound) => {
      const needed = `${bound.why}: ${bound.distribution}${specifier(bound)}`;
      return possible.includes(bound)
        ? `${needed} is not built for Python ${python.interpreter.minor}, and Python 3.${pythonFor(bound)} is not used here; a newer one is taken`
        : `${needed} ${outOfReach(bound)}; a newer one is taken`;
    });
  const narrow = narrowed(wish, kept);
  return { python, wish: { ...narrow, notes: [...narrow.notes, ...notes] }, bounds: kept, lacking };
}

const minorOf = ({ minor }: Interpreter): number => Number(minor.split(".")[1]);

/** The chosen Python where all bounds allow it, else the newest here that they allow; the tightest is given up where there is none. */
async function pythonWithin(
  ctx: Context,
  chosen: ChosenPython,
  bounds: readonly VersionBound[],
): Promise<Pick<EnvironmentPlan, "python" | "lacking">> {
  let lacking: number | null = null;
  for (const bound of [...bounds].sort((a, b) => pythonFor(a) - pythonFor(b))) {
    const limit = pythonFor(bound);
    if (minorOf(chosen.interpreter) <= limit) break;
    for (let minor = limit; minor >= OLDEST; minor--) {
      const interpreter = await pythonOfMinor(ctx, `3.${minor}`);
      if (interpreter === null) continue;
      const why = `${bound.distribution}${specifier(bound)} is built for none newer`;
      return { python: { interpreter, why }, lacking };
    }
    lacking ??= limit;
  }
  return { python: chosen, lacking };
}

/** Lets uv get a Python, of which its own folder is looked into as well. False when it cannot be had. */
export async function getPython(ctx: Context, minor: number, present: Interpreter): Promise<boolean> {
  const uv = await findUv(ctx, present);
  if (uv === null) return false;
  ctx.emit({ code: "env.python.get", level: "progress", text: `getting Python 3.${minor}` });
  const options = { env: ctx.env, signal: ctx.signal, timeout: 5 * 60_000 };
  const { code } = await exec(uv, ["python", "install", "--quiet", `3.${minor}`], options);
  return code === 0;
}
