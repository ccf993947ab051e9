import { readFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { CONFIG_FILE, type Config, projectConfig, withKeys } from "../../config/index.js";
import { UserError } from "../../core/errors.js";
import type { Host } from "../../core/host.js";
import { nearest } from "../../core/near.js";
import { slug } from "../../core/slug.js";
import { withStateIgnored } from "./ignore-file.js";
import type { Draft, InitInput } from "./index.js";
import { type Looked, lookAt } from "./look.js";

/** More than this are not looked at one by one. */
const MOST_LOOKS = 30;

/** Takes a folder with notebooks as it is. A file is written only when something needs saying. */
export async function adoptFolder(host: Host, input: InitInput, folder: string, notebooks: string[]): Promise<Draft> {
  const { config } = await projectConfig(folder);
  const named = input.notebook ?? config.notebook;
  const wanted =
    named === undefined ? notebooks.slice(0, MOST_LOOKS) : [namedNotebook(host, folder, named, notebooks, input)];
  const looked: Looked[] = [];
  for (const path of wanted) looked.push(await lookAt(folder, path));
  const chosen = looked.length === 1 ? looked[0]! : await choose(host, looked, notebooks.length);
  const name = input.name ?? config.name ?? slug(basename(chosen.path, ".ipynb"));
  if (name === null) {
    throw new UserError("IAPP_INIT_NAME", `${chosen.path} gives no name for the app`, {
      remedy: "Give --name with lower case letters, digits and inner hyphens.",
    });
  }
  return {
    kind: "adopt",
    folder,
    template: null,
    name,
    notebook: chosen.path,
    looked,
    files: await filesFor(folder, config, keysToSay(config, notebooks, chosen.path, name)),
  };
}

/** What `iapp` would not find out by itself the next time. */
function keysToSay(config: Config, notebooks: string[], notebook: string, name: string): Record<string, string> {
  const keys: Record<string, string> = {};
  if (name !== (config.name ?? slug(basename(notebook, ".ipynb")))) keys.name = name;
  const alone = notebooks.length === 1 && notebooks[0] === notebook;
  if (config.notebook === undefined ? !alone : resolve("/", config.notebook) !== resolve("/", notebook))
    keys.notebook = notebook;
  return keys;
}

async function filesFor(folder: string, config: Config, keys: Record<string, string>): Promise<Draft["files"]> {
  const files: Draft["files"] = [];
  if (Object.keys(keys).length > 0) {
    const before = await readFile(join(folder, CONFIG_FILE), "utf8").catch(() => null);
    // Adding what is absent loses nothing; replacing what a person wrote has to be asked.
    const adds = Object.keys(keys).every((key) => config[key as "name" | "notebook"] === undefined);
    files.push({ path: CONFIG_FILE, data: withKeys(before, keys), edit: adds });
  }
  const ignored = await withStateIgnored(folder);
  if (ignored !== null) files.push({ path: ".gitignore", data: ignored.after, edit: true });
  return files;
}

function namedNotebook(host: Host, folder: string, named: string, notebooks: string[], input: InitInput): string {
  // A flag is meant from where the person stands or from the project; the file speaks of its own folder.
  const places = input.notebook === undefined ? [folder] : [folder, host.cwd];
  for (const place of places) {
    const path = relative(folder, resolve(place, named)).replaceAll("\\", "/");
    if (notebooks.includes(path)) return path;
  }
  const near = nearest(
    basename(named),
    notebooks.map((path) => basename(path)),
    1,
  )[0];
  throw new UserError("IAPP_INIT_NO_NOTEBOOK", `there is no notebook ${named} in ${folder}`, {
    remedy: near === undefined ? `Found: ${notebooks.slice(0, 10).join(", ")}.` : `Did you mean ${near}?`,
    data: { notebooks },
  });
}

async function choose(host: Host, looked: Looked[], all: number): Promise<Looked> {
  const usable = looked.filter(({ problem }) => problem === null);
  if (usable.length === 1 && all === looked.length) {
    const [only] = usable;
    host.emit({
      code: "init.chosen",
      level: "info",
      text: `${only!.path}: the only one of ${all} notebooks with a model`,
    });
    return only!;
  }
  const offered = usable.length > 0 ? usable : looked;
  if (!host.interactive || host.yes) {
    throw new UserError(
      "IAPP_INIT_WHICH",
      `there are ${all} notebooks${usable.length === 0 ? ", none with a model that is seen" : ""}; which one is served?`,
      {
        lines: looked.map((one) => `${one.path}: ${inWords(one)}`),
        remedy: `Give --notebook ${offered[0]!.path}, for example.`,
        data: { notebooks: looked },
      },
    );
  }
  return host.select(
    "Which notebook is served?",
    offered.map((one) => ({ value: one, name: one.path, description: inWords(one) })),
    { flag: "--notebook" },
  );
}

/** `RandomForestClassifier clf (cell 21); reads customers.csv`. */
export function inWords({ model, data, problem }: Looked): string {
  if (model === null) return problem ?? "no model is seen";
  const made = model.class === null ? model.name : `${model.class} ${model.name}`;
  const files = data.map(({ path, exists }) => (exists ? path : `${path} (not here)`)).join(", ");
  return `${made} (cell ${model.cell})${files === "" ? "" : `; reads ${files}`}`;
}
