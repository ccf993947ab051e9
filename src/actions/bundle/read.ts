import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ContractDocument, VerificationDocument } from "../../core/contract.js";
import { OperationError, UserError } from "../../core/errors.js";
import { exists, readJson } from "../../core/fs.js";
import type { Lineage } from "../../core/lineage.js";
import type { ProjectLayout } from "../../project/layout.js";
import { digestFile } from "./digest.js";
import type { Bundle, BundleIndex } from "./documents.js";
import { textOf } from "./files.js";

/** Folder of a bundle given as a path, as (the beginning of) a digest, or not at all: then the newest one. */
export async function findBundle(cwd: string, layout: ProjectLayout, which: string | undefined): Promise<string> {
  if (which !== undefined && (await exists(join(resolve(cwd, which), "bundle.json")))) return resolve(cwd, which);
  const digests = (await readdir(layout.bundles).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name));
  if (which === undefined) return newest(layout, digests);
  const found = /^[0-9a-f]{4,64}$/.test(which) ? digests.filter((digest) => digest.startsWith(which)) : [];
  if (found.length === 1) return join(layout.bundles, found[0]!);
  if (found.length > 1) {
    throw new UserError("IAPP_BUNDLE_AMBIGUOUS", `${found.length} bundles begin with ${which}`, {
      remedy: "Give more characters of the digest.",
      lines: found,
    });
  }
  throw new UserError("IAPP_BUNDLE_NOT_FOUND", `there is no bundle ${which}`, {
    remedy: digests.length === 0 ? "Make one: iapp train NOTEBOOK" : "Give a folder or the beginning of a digest.",
    lines: digests.slice(0, 20),
  });
}

async function newest(layout: ProjectLayout, digests: string[]): Promise<string> {
  const dirs = digests.map((digest) => join(layout.bundles, digest));
  const times = await Promise.all(
    dirs.map((dir) =>
      stat(join(dir, "bundle.json")).then(
        (found) => found.mtimeMs,
        () => 0,
      ),
    ),
  );
  const last = dirs[times.indexOf(Math.max(...times))];
  if (last === undefined) {
    throw new UserError("IAPP_BUNDLE_NOT_FOUND", `no bundle was made in ${layout.root} yet`, {
      remedy: "Make one: iapp train NOTEBOOK",
    });
  }
  return last;
}

/** Reads the documents of a bundle folder. A missing or damaged document is an error that names it. */
export async function readBundle(dir: string): Promise<Bundle> {
  const need = async <T>(name: string): Promise<T> => {
    const document = await readJson<T>(join(dir, name));
    if (document === null) {
      throw new OperationError("IAPP_BUNDLE_INCOMPLETE", `${dir} lacks ${name}`, {
        remedy: "Make the bundle again: iapp train NOTEBOOK --force",
      });
    }
    return document;
  };
  const index = await need<BundleIndex>("bundle.json");
  if (index.schema !== "iapp.bundle/1") {
    throw new OperationError(
      "IAPP_BUNDLE_SCHEMA",
      `${dir} is of schema ${index.schema}, which this version cannot read`,
    );
  }
  return {
    dir,
    index,
    lineage: await need<Lineage>("lineage.json"),
    contract: await need<ContractDocument>("contract.json"),
    verification: await need<VerificationDocument>("verification.json"),
    scorePy: (await textOf(join(dir, "score.py"))) ?? "",
    frozen: (await need<{ values: Bundle["frozen"] }>("frozen.json")).values,
  };
}

/** Files that are missing or not as they were written. */
export async function damagedFiles(dir: string, index: BundleIndex): Promise<string[]> {
  const wrong = await Promise.all(
    index.files.map(async (file) => {
      const found = await digestFile(join(dir, file.path)).catch(() => null);
      return found?.sha256 === file.sha256 ? null : file.path;
    }),
  );
  return wrong.filter((path): path is string => path !== null);
}
