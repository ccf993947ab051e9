import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/events.js";
import { exists, readJson, writeJson } from "../../core/fs.js";
import { acquireLock } from "../../core/lock.js";
import { normalise } from "../import-names.js";
import { ENVIRONMENT_MARK, type ProjectLayout } from "../layout.js";
import type { Interpreter } from "../python.js";
import type { Environment } from "./create.js";
import { resolverTrouble } from "./failure.js";
import { installLock, makeVenv, type Resolver } from "./install.js";
import { installedPackages, makeLinked } from "./linked.js";
import { findUv } from "./uv.js";

/** The lines of a lock for these distributions, with their hashes. */
export function subsetLock(lock: string, distributions: ReadonlySet<string>): string {
  const entries = lock.replace(/\\\r?\n\s*/g, " ").split(/\r?\n/);
  const kept = entries.filter((entry) => {
    const name = /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:==|@)/.exec(entry)?.[1];
    return name !== undefined && distributions.has(normalise(name));
  });
  return kept.length === 0 ? "" : `${kept.join("\n").replace(/ --hash=/g, " \\\n    --hash=")}\n`;
}

/**
 * A virtual environment with exactly these distributions of the training lock: what the scoring module needs and nothing else. Shared by
 * all bundles with the same set.
 */
export async function scoringEnvironment(
  ctx: Context,
  layout: ProjectLayout,
  training: Environment,
  interpreter: Interpreter,
  distributions: readonly string[],
  resolver: "uv" | "pip",
): Promise<{ dir: string; python: string; lock: string }> {
  const lock = subsetLock(training.lock, new Set(distributions.map(normalise)));
  const digest = createHash("sha256")
    .update(`scoring ${interpreter.version} ${interpreter.platform}\n${lock}`)
    .digest("hex");
  const dir = join(layout.envs, `score-${digest.slice(0, 16)}`);
  const python = join(dir, "bin/python");
  const ready = async (): Promise<boolean> =>
    (await readJson(join(dir, ENVIRONMENT_MARK)).catch(() => null)) !== null && (await exists(python));
  if (await ready()) return { dir, python, lock };
  const held = await acquireLock(`${dir}.lock`, {
    command: "making a scoring environment",
    wait: 30 * 60_000,
    signal: ctx.signal,
  });
  try {
    if (await ready()) return { dir, python, lock };
    await rm(dir, { recursive: true, force: true });
    ctx.emit({ code: "env.scoring", level: "progress", text: "making the scoring environment" });
    const packages = installedPackages(ctx.env);
    if (packages !== null) await makeLinked(ctx, { python: interpreter, venv: dir, packages, only: distributions });
    else await installed(ctx, { dir, lock, interpreter, resolver });
    await writeJson(join(dir, ENVIRONMENT_MARK), { schema: "iapp.environment/1", digest, python: interpreter.version });
    return { dir, python, lock };
  } catch (error) {
    await rm(dir, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  } finally {
    await held.release();
  }
}

async function installed(
  ctx: Context,
  { dir, lock, interpreter, resolver }: { dir: string; lock: string; interpreter: Interpreter; resolver: "uv" | "pip" },
): Promise<void> {
  const uv = resolver === "uv" ? await findUv(ctx, interpreter) : null;
  const by: Resolver = uv === null ? { kind: "pip" } : { kind: "uv", program: uv };
  await makeVenv(ctx, { resolver: by, python: interpreter, venv: dir, wanted: [], options: [] });
  const file = join(dir, "requirements.lock");
  await writeFile(file, lock);
  const failed = await installLock(ctx, by, dir, file, lock);
  if (failed !== null) throw resolverTrouble(failed.output, []).error;
}
