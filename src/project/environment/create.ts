import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/events.js";
import { exists, fileError, readJson, writeJson } from "../../core/fs.js";
import { acquireLock } from "../../core/lock.js";
import type { Wanted } from "../declared.js";
import { ENVIRONMENT_MARK, ensureState, type ProjectLayout } from "../layout.js";
import type { Interpreter } from "../python.js";
import type { EnvironmentWish } from "../wanted.js";
import { makeVenv, type Resolver, resolveAndInstall } from "./install.js";
import { installedLock, installedPackages, makeLinked } from "./linked.js";
import { withoutCredentials } from "./lock-text.js";
import { findUv } from "./uv.js";

/** A finished virtual environment of a project. */
export interface Environment {
  dir: string;
  /** Its interpreter. */
  python: string;
  pythonVersion: string;
  digest: string;
  /** Text of its lock. */
  lock: string;
  /** Guessed packages that the index does not have. */
  left: { name: string; origin: string }[];
  reused: boolean;
}

interface Mark {
  schema: "iapp.environment/1";
  digest: string;
  python: string;
  wanted: string[];
  left: { name: string; origin: string }[];
}

/** What runs notebooks and serves models, and what the recorder reads tables with, besides what the notebook itself needs. */
export const TOOLS = [
  "pandas",
  "numpy",
  "nbclient",
  "ipykernel",
  "cloudpickle",
  "msgspec",
  "orjson",
  "uvicorn",
  "httptools",
  "uvloop ; sys_platform != 'win32'",
];

/** The digest of what decides an environment: requirements, sources, Python and platform. */
export function environmentDigest(
  wish: Pick<EnvironmentWish, "wanted" | "options">,
  python: Interpreter,
  resolver: "uv" | "pip",
  cuda: boolean,
): string {
  const parts = [
    ...(cuda ? ["cuda"] : []),
    wish.wanted.map(({ text }) => text).sort(),
    [...wish.options].sort(),
    python.version,
    python.platform,
    resolver,
    TOOLS,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

export interface CreateInput {
  layout: ProjectLayout;
  wish: EnvironmentWish;
  python: Interpreter;
  resolver: "uv" | "pip";
  /** Builds of PyTorch for graphics cards. */
  cuda: boolean;
}

/**
 * The environment with that digest: the finished one, or a new one. Two commands that need the same one wait for each other; what a killed
 * one left half-made is made anew.
 */
export async function createEnvironment(
  ctx: Context,
  { layout, wish, python, resolver, cuda }: CreateInput,
): Promise<Environment> {
  const digest = environmentDigest(wish, python, resolver, cuda);
  const dir = join(layout.envs, digest.slice(0, 16));
  const ready = await finished(dir);
  if (ready !== null) return ready;
  await ensureState(layout);
  const lock = await acquireLock(`${dir}.lock`, {
    command: "making an environment",
    wait: 30 * 60_000,
    signal: ctx.signal,
  });
  try {
    const made = await finished(dir);
    if (made !== null) return made;
    await rm(dir, { recursive: true, force: true });
    const packages = installedPackages(ctx.env);
    if (packages !== null) return await fromInstalled(ctx, dir, { digest, python, packages, wish });
    const uv = resolver === "uv" ? await findUv(ctx, python) : null;
    const by: Resolver = uv === null ? { kind: "pip" } : { kind: "uv", program: uv };
    if (resolver === "uv" && uv === null) {
      ctx.emit({
        code: "env.pip",
        level: "warn",
        text: "uv cannot be had here; pip resolves instead, which takes longer",
      });
    }
    ctx.emit({
      code: "env.make",
      level: "progress",
      text: `making an environment with Python ${python.version} and ${wish.wanted.length} packages`,
    });
    const wanted: Wanted[] = [
      ...wish.wanted,
      ...TOOLS.map((text) => ({ text, name: text.split(" ")[0]!, origin: "iapp", inferred: false })),
    ];
    const input = { resolver: by, python, venv: dir, wanted, options: wish.options, cuda };
    await makeVenv(ctx, input);
    const { lock, left } = await resolveAndInstall(ctx, input);
    const text = withoutCredentials(lock);
    await rm(join(dir, "requirements.in"), { force: true });
    await writeFile(join(dir, "requirements.lock"), text).catch((cause) =>
      Promise.reject(fileError(dir, "written", cause)),
    );
    const mark: Mark = {
      schema: "iapp.environment/1",
      digest,
      python: python.version,
      wanted: wish.wanted.map(({ text: line }) => withoutCredentials(line)),
      left: left.map(({ text: name, origin }) => ({ name, origin })),
    };
    await writeJson(join(dir, ENVIRONMENT_MARK), mark);
    ctx.emit({
      code: "env.made",
      level: "info",
      text: `environment ready: Python ${python.version}, ${text.match(/^[\w.-]+==/gm)?.length ?? 0} packages`,
    });
    return { ...(await finished(dir))!, reused: false };
  } catch (error) {
    await rm(dir, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  } finally {
    await lock.release();
  }
}

/** In a container of ours: what is installed there, whatever the wish is; the image was built from it. */
async function fromInstalled(
  ctx: Context,
  dir: string,
  { digest, python, packages, wish }: { digest: string; python: Interpreter; packages: string; wish: EnvironmentWish },
): Promise<Environment> {
  await makeLinked(ctx, { python, venv: dir, packages, only: null });
  await writeFile(join(dir, "requirements.lock"), await installedLock(packages));
  const wanted = wish.wanted.map(({ text }) => text);
  const mark: Mark = { schema: "iapp.environment/1", digest, python: python.version, wanted, left: [] };
  await writeJson(join(dir, ENVIRONMENT_MARK), mark);
  return { ...(await finished(dir))!, reused: false };
}

async function finished(dir: string): Promise<Environment | null> {
  const mark = await readJson<Mark>(join(dir, ENVIRONMENT_MARK)).catch(() => null);
  const python = join(dir, "bin/python");
  // The interpreter it was made from may have been removed since.
  if (mark === null || !(await exists(python))) return null;
  const lock = await readFile(join(dir, "requirements.lock"), "utf8").catch(() => null);
  if (lock === null) return null;
  return { dir, python, pythonVersion: mark.python, digest: mark.digest, lock, left: mark.left, reused: true };
}
