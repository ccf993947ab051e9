import { readdir, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { Context } from "../../core/events.js";
import { exec } from "../../core/exec.js";
import { exists } from "../../core/fs.js";

export interface Interpreter {
  path: string;
  version: string;
  /** Can it make virtual environments with pip? Some systems pack that separately. */
  venv: boolean;
}

const MINORS = [13, 12, 11, 10, 9];
const ASK =
  "import importlib.util as u, json, platform, sys; " +
  "print(json.dumps([sys.executable, platform.python_version(), all(u.find_spec(m) for m in ('venv', 'ensurepip'))]))";
const PATIENCE_MS = 10_000;

/** Is this a version in which notebooks can run? */
export function isSupported(version: string): boolean {
  const [major, minor] = version.split(".").map(Number);
  return major === 3 && MINORS.includes(minor ?? -1);
}

/** The Pythons on the path, of the active environment and of pyenv, each once, as they answer themselves. */
export async function findInterpreters(ctx: Context): Promise<Interpreter[]> {
  const waiting = await candidates(ctx.env);
  const found: Interpreter[] = [];
  // A few at a time: on a machine with many of them each start costs.
  const worker = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const one = await ask(ctx, path);
      if (one !== null && !found.some(({ path: known }) => known === one.path)) found.push(one);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  return found;
}

async function candidates(env: Context["env"]): Promise<string[]> {
  const names = [...MINORS.map((minor) => `python3.${minor}`), "python3", "python"];
  const active = [env.VIRTUAL_ENV, env.CONDA_PREFIX]
    .filter((dir) => (dir ?? "") !== "")
    .map((dir) => join(dir!, "bin"));
  const onPath = (env.PATH ?? "").split(delimiter).filter((dir) => dir !== "");
  const versions = join(env.PYENV_ROOT ?? join(env.HOME ?? "/", ".pyenv"), "versions");
  const managed = (await readdir(versions).catch(() => [])).map((name) => join(versions, name, "bin"));
  const paths = [...active, ...onPath, ...managed].flatMap((dir) => names.map((name) => join(dir, name)));
  const unique = new Map<string, string>();
  for (const path of paths) {
    const program = await realpath(path).catch(() => null);
    if (program === null) continue;
    // An environment's Python is a link to the one it was made from, and yet another one.
    const isEnvironment = await exists(join(dirname(path), "..", "pyvenv.cfg"));
    const key = isEnvironment ? dirname(path) : program;
    if (!unique.has(key)) unique.set(key, path);
  }
  return [...unique.values()];
}

/** Null for what does not answer as a Python does (a stub that opens a shop, a shim without a version). */
async function ask(ctx: Context, path: string): Promise<Interpreter | null> {
  try {
    const { code, stdout } = await exec(path, ["-I", "-c", ASK], {
      env: ctx.env,
      signal: ctx.signal,
      timeout: PATIENCE_MS,
    });
    if (code !== 0) return null;
    const [executable, version, venv] = JSON.parse(stdout) as [string, string, boolean];
    return { path: executable, version, venv };
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    return null;
  }
}
