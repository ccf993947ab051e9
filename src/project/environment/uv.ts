import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exec } from "../../core/exec.js";
import { exists } from "../../core/fs.js";
import { acquireLock } from "../../core/lock.js";
import type { Interpreter } from "../python.js";

/** Pinned, so that a resolution does not change with the day on which uv was fetched. */
const UV_VERSION = "0.9.7";

/** The person's cache for tools that all projects share. */
export function toolCache(env: Context["env"]): string {
  return join(env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), ".cache"), "iapp", "tools");
}

/**
 * `uv`: the one on the path, else one fetched from the package index into the shared cache. Null when it cannot be had: pip then does the
 * work.
 */
export async function findUv(ctx: Context, python: Interpreter): Promise<string | null> {
  try {
    const { code } = await exec("uv", ["--version"], { env: ctx.env, signal: ctx.signal, timeout: 10_000 });
    if (code === 0) return "uv";
  } catch (error) {
    if (ctx.signal.aborted) throw error;
  }
  const folder = join(toolCache(ctx.env), `uv-${UV_VERSION}`);
  const program = join(folder, "bin/uv");
  if (await exists(program)) return program;
  const lock = await acquireLock(`${folder}.lock`, { command: "fetching uv", wait: 120_000, signal: ctx.signal });
  const beside = `${folder}.new`;
  try {
    if (await exists(program)) return program;
    ctx.emit({ code: "env.uv", level: "progress", text: "fetching uv, the resolver (once on this machine)" });
    await rm(beside, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    const options = { env: ctx.env, signal: ctx.signal, timeout: 300_000 };
    for (const step of [
      [python.path, "-m", "venv", beside],
      [
        join(beside, "bin/python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        `uv==${UV_VERSION}`,
      ],
    ]) {
      const { code } = await exec(step[0]!, step.slice(1), options);
      if (code !== 0) return null;
    }
    await rename(beside, folder);
    return program;
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof OperationError)) throw error;
    return null;
  } finally {
    await rm(beside, { recursive: true, force: true });
    await lock.release();
  }
}
