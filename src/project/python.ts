import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { UserError } from "../core/errors.js";
import type { Context } from "../core/events.js";
import { exec } from "../core/exec.js";

/** A Python interpreter of this machine. */
export interface Interpreter {
  /** The real executable, not a shim. */
  path: string;
  /** `3.11.7`. */
  version: string;
  /** `3.11`. */
  minor: string;
  /** `linux-x86_64` and the like, as Python names it. */
  platform: string;
}

/** Oldest and newest minor version that the runtime supports. */
export const OLDEST = 9;
export const NEWEST = 13;

const ASK =
  "import sys,sysconfig,json,os;print(json.dumps([os.path.realpath(getattr(sys,'_base_executable',None) or sys.executable) if sys.prefix==sys.base_prefix else sys.executable,'.'.join(map(str,sys.version_info[:3])),sysconfig.get_platform()]))";

/** Asks one program whether it is a Python. Null when it is none, or a shim for a version that is not chosen. */
export async function inspectPython(ctx: Context, program: string): Promise<Interpreter | null> {
  try {
    const { code, stdout } = await exec(program, ["-I", "-c", ASK], {
      env: ctx.env,
      signal: ctx.signal,
      timeout: 20_000,
    });
    if (code !== 0) return null;
    const [path, version, platform] = JSON.parse(stdout) as [string, string, string];
    return { path, version, minor: version.split(".").slice(0, 2).join("."), platform };
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    return null;
  }
}

export function isSupported({ version }: Interpreter): boolean {
  const [major, minor] = version.split(".").map(Number);
  return major === 3 && minor! >= OLDEST && minor! <= NEWEST;
}

export interface PythonWish {
  /** `--python`: a version (`3.11`) or a path. */
  explicit: string | null;
  /** Minor version that the notebook was written with, or null. */
  notebook: string | null;
}

export interface ChosenPython {
  interpreter: Interpreter;
  /** Why this one, for people. */
  why: string;
}

/**
 * The interpreter for a notebook: what was asked for, else the notebook's own minor version, else that of `python3`, else the newest
 * supported one that is found.
 * @throws UserError `IAPP_PYTHON_*` that says what was found and how to get another.
 */
export async function choosePython(ctx: Context, wish: PythonWish): Promise<ChosenPython> {
  if (wish.explicit !== null) return { interpreter: await explicitPython(ctx, wish.explicit), why: "asked for" };
  if (wish.notebook !== null) {
    const found = await pythonOfMinor(ctx, wish.notebook);
    if (found !== null && isSupported(found)) return { interpreter: found, why: "the notebook's version" };
  }
  const seen: Interpreter[] = [];
  for (const program of ["python3", "python"]) {
    const found = await inspectPython(ctx, program);
    if (found === null) continue;
    if (isSupported(found)) return { interpreter: found, why: differs(wish.notebook, found) };
    seen.push(found);
  }
  for (let minor = NEWEST; minor >= OLDEST; minor--) {
    const found = await pythonOfMinor(ctx, `3.${minor}`);
    if (found !== null) return { interpreter: found, why: differs(wish.notebook, found) };
  }
  throw new UserError(
    seen.length === 0 ? "IAPP_PYTHON_NONE" : "IAPP_PYTHON_OLD",
    seen.length === 0
      ? "no Python is found on this machine"
      : `Python ${seen.map(({ version }) => version).join(" and ")} is found, but 3.${OLDEST} to 3.${NEWEST} is needed`,
    {
      remedy: `Install Python 3.${NEWEST - 1} (python.org, your system's packages, or \`uv python install 3.${NEWEST - 1}\`), or name one with --python.`,
    },
  );
}

function differs(wanted: string | null, found: Interpreter): string {
  return wanted === null || wanted === found.minor
    ? "the one on the path"
    : `the notebook was written with ${wanted}, which is not found here`;
}

async function explicitPython(ctx: Context, asked: string): Promise<Interpreter> {
  const isVersion = /^\d+\.\d+(\.\d+)?$/.test(asked);
  const path = asked.includes("/") && !isAbsolute(asked) ? resolve(ctx.cwd, asked) : asked;
  const found = isVersion
    ? await pythonOfMinor(ctx, asked.split(".").slice(0, 2).join("."))
    : await inspectPython(ctx, path);
  if (found === null) {
    throw new UserError("IAPP_PYTHON_NONE", `there is no Python ${JSON.stringify(asked)} here`, {
      remedy: "Give a version such as 3.11, or the path of an interpreter.",
    });
  }
  if (isSupported(found)) return found;
  throw new UserError(
    "IAPP_PYTHON_OLD",
    `${found.path} is Python ${found.version}, but 3.${OLDEST} to 3.${NEWEST} is needed`,
    {
      remedy: "Choose another with --python.",
    },
  );
}

/** On the path, or one of a version manager's, whose shims answer only for the version that is chosen. */
export async function pythonOfMinor(ctx: Context, minor: string): Promise<Interpreter | null> {
  if (!/^\d+\.\d+$/.test(minor)) return null;
  for (const program of [`python${minor}`, ...(await managedPythons(ctx, minor))]) {
    const found = await inspectPython(ctx, program);
    if (found?.minor === minor) return found;
  }
  return null;
}

async function managedPythons(ctx: Context, minor: string): Promise<string[]> {
  const home = ctx.env.HOME ?? homedir();
  const folders = [
    join(ctx.env.PYENV_ROOT ?? join(home, ".pyenv"), "versions"),
    join(ctx.env.XDG_DATA_HOME ?? join(home, ".local/share"), "uv/python"),
  ];
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    const fits = names.filter((name) => name.startsWith(`${minor}.`) || name.startsWith(`cpython-${minor}.`));
    found.push(
      ...fits
        .sort()
        .reverse()
        .map((name) => join(folder, name, "bin/python3")),
    );
  }
  return found;
}
