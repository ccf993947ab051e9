import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { RecordDocument } from "../../core/contract.js";
import { exists, fileError } from "../../core/fs.js";

/** A file that goes into a bundle: from where in the run folder, to where, and what it is. */
export interface Planned {
  from: string;
  path: string;
  role: string;
  code: boolean;
}

/** Loading one of these runs code that is in it. */
export function isCode(path: string): boolean {
  return /\.(py|pkl|so|pyd)$/.test(path);
}

const PLAIN: [path: string, role: string, needed: boolean][] = [
  ["score.py", "score", true],
  ["score.map.json", "map", false],
  ["contract.json", "contract", true],
  ["profile.json", "profile", true],
  ["examples.json", "examples", true],
  ["openapi.json", "openapi", false],
  ["verification.json", "verification", true],
];

/** The files of a run that its bundle takes over, the frozen side files only as far as a frozen value names them. */
export async function plannedFiles(runDir: string, record: RecordDocument): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (const [path, role, needed] of PLAIN) {
    if (needed || (await exists(join(runDir, path))))
      planned.push({ from: join(runDir, path), path, role, code: isCode(path) });
  }
  for (const path of sideFiles(record.frozen.map((frozen) => frozen.value))) {
    planned.push({ from: join(runDir, path), path, role: "frozen", code: isCode(path) });
  }
  for (const model of record.models) {
    const path = `model/${basename(model.file)}`;
    planned.push({ from: join(runDir, model.file), path, role: "model", code: isCode(path) });
  }
  const modules = join(runDir, "modules");
  for (const path of await below(modules, "modules")) {
    planned.push({ from: join(runDir, path), path, role: "module", code: isCode(path) });
  }
  return planned;
}

/** The `frozen.json` a scoring module reads: values and models by name. */
export function frozenDocument(record: RecordDocument): object {
  return {
    schema: "iapp.frozen/1",
    values: Object.fromEntries(record.frozen.map(({ name, access, value }) => [name, { access, value }])),
    models: Object.fromEntries(
      record.models.map(({ name, file, access, keys }) => [name, { file: `model/${basename(file)}`, access, keys }]),
    ),
  };
}

/** Paths (`frozen/x.npy`) that encoded values refer to, sorted. */
function sideFiles(values: unknown[]): string[] {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== "object") return;
    const { $: tag, file } = value as { $?: unknown; file?: unknown };
    if (typeof tag === "string" && typeof file === "string") found.add(file);
    for (const part of Object.values(value)) walk(part);
  };
  walk(values);
  return [...found].sort();
}

async function below(folder: string, prefix: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw fileError(folder, "read", cause);
  });
  const lists = await Promise.all(
    entries
      .filter((entry) => entry.name !== "__pycache__")
      .map((entry) => {
        const path = `${prefix}/${entry.name}`;
        return entry.isDirectory() ? below(join(folder, entry.name), path) : [path];
      }),
  );
  return lists.flat().sort();
}

/** A text file of the run, or null where there is none. */
export async function textOf(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw fileError(path, "read", cause);
  });
}
