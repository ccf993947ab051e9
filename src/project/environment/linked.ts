import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exec } from "../../core/exec.js";
import { normalise } from "../import-names.js";
import type { Interpreter } from "../python.js";

/**
 * The folder of packages that this container was built with, or null outside of one. Environments are then made of what lies there, and
 * nothing is fetched: a training job needs no package index.
 */
export function installedPackages(env: Context["env"]): string | null {
  return env.IAPP_PACKAGES ?? null;
}

/** The lock that the packages of a container were installed from. */
export const installedLock = (packages: string): Promise<string> =>
  readFile(join(packages, "requirements.lock"), "utf8");

/**
 * A virtual environment that sees installed packages where they lie: all of them, or only the given distributions (then each of their
 * files and folders is linked, so that an import of anything else fails as it would in an environment of its own).
 */
export async function makeLinked(
  ctx: Context,
  {
    python,
    venv,
    packages,
    only,
  }: { python: Interpreter; venv: string; packages: string; only: readonly string[] | null },
): Promise<void> {
  const made = await exec(python.path, ["-m", "venv", "--without-pip", venv], {
    env: ctx.env,
    signal: ctx.signal,
    timeout: 120_000,
  });
  if (made.code !== 0) {
    throw new OperationError("IAPP_ENV_VENV", "a virtual environment cannot be made", {
      lines: made.stderr.split(/\r?\n/).filter(Boolean).slice(-3),
    });
  }
  const site = join(venv, "lib", `python${python.minor}`, "site-packages");
  await mkdir(site, { recursive: true });
  if (only === null) {
    await writeFile(join(site, "iapp-packages.pth"), `${packages}\n`);
    return;
  }
  const wanted = new Set(only.map(normalise));
  const links = new Set<string>();
  for (const name of await readdir(packages)) {
    const distribution = /^(.+?)-[^-]+\.dist-info$/.exec(name)?.[1];
    if (distribution === undefined || !wanted.has(normalise(distribution))) continue;
    const record = await readFile(join(packages, name, "RECORD"), "utf8");
    for (const line of record.split("\n")) {
      const top = line.replace(/^"/, "").split(/[/,"]/, 1)[0]!;
      if (top !== "" && top !== ".." && top !== "__pycache__") links.add(top);
    }
  }
  for (const top of links) await symlink(join(packages, top), join(site, top));
}
