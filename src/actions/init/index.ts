import { join, resolve } from "node:path";
import { ExitCode, IappError, UserError } from "../../core/errors.js";
import type { Host } from "../../core/host.js";
import { quoted } from "../../core/quoted.js";
import { slug } from "../../core/slug.js";
import { adoptFolder } from "./adopt.js";
import { findNotebooks } from "./find.js";
import { isFolder } from "./ignore-file.js";
import type { Looked } from "./look.js";
import { type NewFile, placeFiles, presentAt } from "./place.js";
import { chooseTemplate, fromTemplate } from "./scaffold.js";

export interface InitInput {
  dir?: string | undefined;
  template?: string | undefined;
  name?: string | undefined;
  notebook?: string | undefined;
  /** Overwrite files that are there. */
  force: boolean;
  /** Say what would be done, and do nothing. */
  dryRun: boolean;
}

export interface PlannedFile {
  path: string;
  action: "create" | "overwrite" | "keep";
}

/** What a project is to get. */
export interface Draft {
  kind: "template" | "adopt";
  folder: string;
  template: string | null;
  name: string;
  /** Relative to the folder. */
  notebook: string;
  /** Every notebook that was looked at; empty for a template. */
  looked: Looked[];
  files: {
    path: string;
    data: string | Buffer /** Made from what is there: to be replaced without asking. */;
    edit?: boolean;
  }[];
}

export interface InitResult {
  schema: "iapp.init/1";
  kind: Draft["kind"];
  folder: string;
  template: string | null;
  name: string;
  notebook: string;
  found: Looked[];
  files: PlannedFile[];
  dry_run: boolean;
  next: string[];
}

/** Starts a project: from a template, or by adopting a folder that holds notebooks. */
export async function init(host: Host, input: InitInput): Promise<InitResult> {
  if (input.name !== undefined && slug(input.name) !== input.name) throw badName(input.name);
  const draft = await draftOf(host, input);
  const files = await decide(host, draft, input.force);
  const changes = files.filter((file): file is NewFile => file.action !== "keep");
  if (!input.dryRun && changes.length > 0) {
    host.emit({ code: "init.write", level: "debug", text: `writing ${changes.length} files to ${draft.folder}` });
    await placeFiles(draft.folder, changes, host.signal);
  }
  return {
    schema: "iapp.init/1",
    kind: draft.kind,
    folder: draft.folder,
    template: draft.template,
    name: draft.name,
    notebook: draft.notebook,
    found: draft.looked,
    files: files.map(({ path, action }) => ({ path, action })),
    dry_run: input.dryRun,
    next: nextSteps(host.cwd, draft),
  };
}

async function draftOf(host: Host, input: InitInput): Promise<Draft> {
  const folder = resolve(host.cwd, input.dir ?? ".");
  const there = await isFolder(folder);
  if (there === false) {
    throw new UserError("IAPP_INIT_NOT_A_FOLDER", `${folder} is a file`, { remedy: "Name a folder." });
  }
  if (input.template === undefined && there === true) {
    const notebooks = await findNotebooks(folder);
    if (notebooks.length > 0) return adoptFolder(host, input, folder, notebooks);
  }
  if (input.notebook !== undefined) {
    throw new UserError("IAPP_INIT_NO_NOTEBOOK", `${join(input.dir ?? ".", input.notebook)} is not there`, {
      remedy:
        input.template === undefined
          ? "Name a notebook of the folder."
          : "Leave --notebook out: a template has its own.",
    });
  }
  return fromTemplate(host, input, await chooseTemplate(host, input, folder));
}

/** What becomes of each file. Asks, or refuses, before anything that a person wrote is replaced. */
async function decide(host: Host, draft: Draft, force: boolean): Promise<(Omit<NewFile, "action"> & PlannedFile)[]> {
  const conflicts: string[] = [];
  const files: (Omit<NewFile, "action"> & PlannedFile)[] = [];
  for (const { path, data, edit } of draft.files) {
    const present = await presentAt(join(draft.folder, path), data);
    if (present === "folder") {
      throw new UserError("IAPP_INIT_CONFLICT", `${path} is a folder where a file is to go`, {
        remedy: "Choose another folder, or move it away.",
      });
    }
    if (present === "different" && edit !== true) conflicts.push(path);
    files.push({ path, data, action: present === "absent" ? "create" : present === "same" ? "keep" : "overwrite" });
  }
  if (conflicts.length === 0 || force) return files;
  const one = conflicts.length === 1;
  const sentence = `${one ? "this file is" : "these files are"} in ${draft.folder} already, with other content: ${conflicts.join(", ")}`;
  // --yes takes the default of every question, and this one's default is no.
  if (host.interactive && !host.yes) {
    if (await host.confirm(`${sentence}. Overwrite?`, { flag: "--force", fallback: false })) return files;
    throw new IappError("IAPP_INIT_DECLINED", "nothing was written", {}, ExitCode.declined);
  }
  throw new UserError("IAPP_INIT_CONFLICT", sentence, {
    remedy: "Choose another folder, or overwrite with --force.",
    data: { conflicts },
  });
}

function nextSteps(cwd: string, draft: Draft): string[] {
  const notebook = quoted(draft.notebook);
  const steps = [`iapp check ${notebook}`, `iapp deploy ${notebook}`, "iapp predict --example", "iapp logs"];
  if (resolve(cwd) === draft.folder) return steps;
  const inside = draft.folder.startsWith(`${resolve(cwd)}/`);
  return [`cd ${quoted(inside ? draft.folder.slice(resolve(cwd).length + 1) : draft.folder)}`, ...steps];
}

function badName(name: string): UserError {
  const near = slug(name);
  return new UserError("IAPP_INIT_NAME", `'${name}' is no name of an app`, {
    remedy:
      near === null
        ? "Give --name with lower case letters, digits and inner hyphens."
        : `Give --name ${near}: lower case letters, digits and inner hyphens.`,
  });
}
