import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { UserError } from "../core/errors.js";
import { pypiTwin } from "./conda-names.js";
import { normalise } from "./import-names.js";

/** One requirement and who asks for it. */
export interface Wanted {
  /** As in a requirements file: `pandas==1.5.3`, `git+https://...`. */
  text: string;
  /** Normalised distribution name; null for URLs and paths without one. */
  name: string | null;
  /** `requirements.txt:3`, `cell 4, line 1`. */
  origin: string;
  /** Only guessed from an import: dropped again when there is no such package. */
  inferred: boolean;
}

export interface Declared {
  wanted: Wanted[];
  /** pip's options that decide where packages come from (`--extra-index-url ...`). */
  options: string[];
  /** Conda packages without a PyPI twin, and other things that cannot be had. */
  notes: string[];
  /** The files that were read, relative to the project's root. */
  files: string[];
}

const NAME = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?=$|[=<>!~;@\s(])/;

/** The distribution name of a requirement line, or null for a bare URL or path. */
export function requirementName(text: string): string | null {
  if (/^[a-z+]+:\/\//i.test(text) || /^[./]/.test(text)) return /#egg=([\w.-]+)/.exec(text)?.[1] ?? null;
  const name = NAME.exec(text)?.[1];
  return name === undefined ? null : normalise(name);
}

/**
 * What a project says it needs, in the order in which files win: `iapp.yaml`, `requirements.txt`, `pyproject.toml`, `Pipfile.lock`,
 * `environment.yml`. Looked for beside the notebook, then in the project's root.
 */
export async function declaredRequirements(
  root: string,
  notebookFolder: string,
  packages: readonly string[],
): Promise<Declared> {
  const found: Declared = { wanted: [], options: [], notes: [], files: [] };
  for (const text of packages) {
    found.wanted.push({ text, name: requirementName(text), origin: "iapp.yaml", inferred: false });
  }
  for (const folder of new Set([notebookFolder, root])) {
    await readRequirements(join(folder, "requirements.txt"), root, found, new Set());
    await readPyproject(join(folder, "pyproject.toml"), root, found);
    await readPipfileLock(join(folder, "Pipfile.lock"), root, found);
    for (const name of ["environment.yml", "environment.yaml"]) await readConda(join(folder, name), root, found);
  }
  return found;
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}

/** A requirements file (pip's format), following `-r`; constraints and options other than sources are left to the resolver. */
export async function readRequirements(path: string, root: string, into: Declared, seen: Set<string>): Promise<void> {
  if (seen.has(path)) return;
  seen.add(path);
  const text = await textOf(path);
  if (text === null) {
    if (seen.size > 1) into.notes.push(`${relative(root, path)} is named by a requirements file and is not there`);
    return;
  }
  const shown = relative(root, path) || path;
  into.files.push(shown);
  const lines = text
    .replace(/^\uFEFF/, "")
    .replace(/\\\r?\n/g, " ")
    .split(/\r?\n/);
  for (const [i, raw] of lines.entries()) {
    const line = raw.replace(/(^|\s)#.*$/, "").trim();
    if (line === "") continue;
    const include = /^(?:-r|--requirement)[\s=]*(.+)$/.exec(line);
    if (include !== null) await readRequirements(resolve(dirname(path), include[1]!.trim()), root, into, seen);
    else if (/^(-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host|--pre)\b/.test(line))
      into.options.push(line);
    else if (/^(-e|--editable)\b/.test(line))
      into.notes.push(`${shown}:${i + 1}: ${line}: the code is used as it lies in the project`);
    else if (line.startsWith("-")) continue;
    else {
      const requirement = line.replace(/\s+--hash[=\s]\S+/g, "");
      into.wanted.push({
        text: requirement,
        name: requirementName(requirement),
        origin: `${shown}:${i + 1}`,
        inferred: false,
      });
    }
  }
}

async function readPyproject(path: string, root: string, into: Declared): Promise<void> {
  const text = await textOf(path);
  if (text === null) return;
  const shown = relative(root, path);
  let document: Record<string, unknown>;
  try {
    document = parseToml(text) as Record<string, unknown>;
  } catch (cause) {
    throw new UserError("IAPP_ENV_DECLARED", `it is not valid TOML: ${(cause as Error).message.split("\n")[0]}`, {
      where: shown,
    });
  }
  const project = document.project as { dependencies?: unknown } | undefined;
  if (Array.isArray(project?.dependencies)) {
    into.files.push(shown);
    for (const one of project.dependencies.filter((entry): entry is string => typeof entry === "string")) {
      into.wanted.push({ text: one, name: requirementName(one), origin: shown, inferred: false });
    }
  }
  const poetry = (document.tool as { poetry?: { dependencies?: Record<string, unknown> } } | undefined)?.poetry
    ?.dependencies;
  if (poetry === undefined) return;
  into.files.push(shown);
  for (const [name, value] of Object.entries(poetry)) {
    if (name === "python") continue;
    const version = typeof value === "string" ? value : (value as { version?: string }).version;
    into.wanted.push({
      text: `${name}${poetryVersion(version)}`,
      name: normalise(name),
      origin: shown,
      inferred: false,
    });
  }
}

/** Poetry's caret and tilde as PEP 440 ranges. */
function poetryVersion(version: string | undefined): string {
  if (version === undefined || version === "*") return "";
  const match = /^([\^~])(\d+(?:\.\d+)*)$/.exec(version);
  if (match === null) return /^\d/.test(version) ? `==${version}` : version;
  const parts = match[2]!.split(".").map(Number);
  const first = parts.findIndex((part) => part !== 0);
  const at = match[1] === "~" ? Math.min(1, parts.length - 1) : first < 0 ? parts.length - 1 : first;
  const upper = parts.slice(0, at + 1).map((part, i) => (i === at ? part + 1 : part));
  return `>=${match[2]},<${upper.join(".")}`;
}

async function readPipfileLock(path: string, root: string, into: Declared): Promise<void> {
  const text = await textOf(path);
  if (text === null) return;
  const shown = relative(root, path);
  let locked: Record<string, { version?: string; markers?: string }>;
  try {
    locked = (JSON.parse(text) as { default?: typeof locked }).default ?? {};
  } catch {
    throw new UserError("IAPP_ENV_DECLARED", "it is not valid JSON", { where: shown });
  }
  into.files.push(shown);
  for (const [name, { version = "", markers }] of Object.entries(locked)) {
    const line = `${name}${version}${markers === undefined ? "" : ` ; ${markers}`}`;
    into.wanted.push({ text: line, name: normalise(name), origin: shown, inferred: false });
  }
}

async function readConda(path: string, root: string, into: Declared): Promise<void> {
  const text = await textOf(path);
  if (text === null) return;
  const shown = relative(root, path);
  let document: { dependencies?: unknown };
  try {
    document = (parseYaml(text) ?? {}) as { dependencies?: unknown };
  } catch (cause) {
    throw new UserError("IAPP_ENV_DECLARED", `it is not valid YAML: ${(cause as Error).message.split("\n")[0]}`, {
      where: shown,
    });
  }
  if (!Array.isArray(document.dependencies)) return;
  into.files.push(shown);
  for (const entry of document.dependencies) {
    if (typeof entry === "string") addConda(entry, shown, into);
    else
      for (const line of ((entry as { pip?: string[] } | null)?.pip ?? []) as string[]) {
        if (!line.startsWith("-"))
          into.wanted.push({ text: line, name: requirementName(line), origin: shown, inferred: false });
      }
  }
}

function addConda(entry: string, shown: string, into: Declared): void {
  const match = /^(?:[\w.-]+::)?([\w.-]+)\s*(?:([=<>!~]=?)\s*([\w.*]+))?/.exec(entry);
  if (match === null) return;
  const [, name, operator, version] = match;
  const distribution = pypiTwin(name!);
  if (distribution === null) {
    if (!/^(python|pip|setuptools|wheel)$/.test(name!))
      into.notes.push(`${shown}: conda package ${name} has no Python twin and is left out`);
    return;
  }
  // Conda's single `=` matches a prefix.
  const pin =
    version === undefined ? "" : operator === "=" ? `==${version.replace(/\.\*$/, "")}.*` : `${operator}${version}`;
  into.wanted.push({ text: `${distribution}${pin}`, name: distribution, origin: shown, inferred: false });
}
