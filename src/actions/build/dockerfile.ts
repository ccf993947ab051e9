import { copyFile, cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../core/errors.js";
import { fileError } from "../../core/fs.js";
import { PLACES } from "../../core/places.js";
import { runtimePath } from "../../core/runtime-path.js";
import type { Changes } from "../../image/image.js";
import { lockedVersions } from "../../project/environment/lock-text.js";
import { EXPLAINS, readBundle } from "../bundle/index.js";
import { lentCommand } from "./lent.js";

/**
 * Writes a build context with a Dockerfile whose image does what ours does, for people whose pipeline builds images itself. The folder
 * must be new, empty, or one that this wrote before.
 */
export async function writeDockerfile(folder: string, bundle: string, base: string, changes: Changes): Promise<void> {
  const there: string[] = await readdir(folder).catch(() => []);
  if (there.length > 0 && !there.includes("Dockerfile")) {
    throw new UserError("IAPP_BUILD_CONTEXT", `${folder} is not empty and holds no Dockerfile`, {
      remedy: "Name a new folder: everything in it becomes part of the build.",
    });
  }
  try {
    await mkdir(join(folder, "runtime"), { recursive: true });
    await copyFile(join(bundle, "requirements.lock"), join(folder, "requirements.lock"));
    await cp(join(runtimePath(), "iapp_runtime"), join(folder, "runtime", "iapp_runtime"), {
      recursive: true,
      filter: (from) => !/__pycache__|iapp_runtime\/(train|build)(\/|$)/.test(from),
    });
    const { index } = await readBundle(bundle);
    const served = index.files.filter(({ role }) => !EXPLAINS.has(role));
    for (const { path } of served) {
      await mkdir(dirname(join(folder, "bundle", path)), { recursive: true });
      await copyFile(join(bundle, path), join(folder, "bundle", path));
    }
    await writeFile(join(folder, "bundle", "bundle.json"), `${JSON.stringify({ ...index, files: served }, null, 2)}\n`);
    await writeFile(
      join(folder, "Dockerfile"),
      dockerfile(base, await readFile(join(bundle, "requirements.lock"), "utf8"), changes),
    );
    await writeFile(join(folder, ".dockerignore"), ".git\n**/__pycache__\n");
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).syscall === undefined ? cause : fileError(folder, "written", cause);
  }
}

/** The text of the Dockerfile: packages, runtime and bundle in order of how often they change. */
export function dockerfile(base: string, lock: string, changes: Changes): string {
  const hashes = lock.includes("--hash=") ? "--require-hashes " : "";
  const quoted = (value: string): string => JSON.stringify(value).replaceAll("$", "\\$");
  const pairs = (word: string, values: Record<string, string>): string[] =>
    Object.entries(values).map(([name, value]) => `${word} ${name}=${quoted(value)}`);
  return `${[
    `FROM ${base}`,
    "COPY requirements.lock /tmp/requirements.lock",
    // pip by way of an environment of its own: some bases have none, and the image needs none.
    `RUN python3 -m venv /tmp/tools && /tmp/tools/bin/pip install --no-cache-dir --no-deps ${hashes}--target /${PLACES.lib} -r /tmp/requirements.lock && rm -rf /tmp/tools`,
    ...[lentCommand(Object.keys(lockedVersions(lock)))].filter((line) => line !== null),
    `COPY runtime /${PLACES.runtime}`,
    `COPY bundle /${PLACES.bundle}`,
    ...pairs("ENV", changes.env ?? {}),
    ...pairs("LABEL", changes.labels ?? {}),
    ...(changes.ports ?? []).map((port) => `EXPOSE ${port}`),
    `WORKDIR ${changes.workingDir ?? "/"}`,
    `USER ${changes.user ?? "0"}`,
    `STOPSIGNAL ${changes.stopSignal ?? "SIGTERM"}`,
    `ENTRYPOINT ${JSON.stringify(changes.entrypoint ?? [])}`,
  ].join("\n")}\n`;
}
