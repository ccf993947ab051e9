import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { OperationError, UserError } from "../core/errors.js";
import { nearest } from "../core/near.js";
import { packageRoot } from "../core/package-root.js";

/** `template.json`: what a template is. It is not copied. */
export interface Template {
  name: string;
  title: string;
  description: string;
  /** File name of its notebook. */
  notebook: string;
  /** What the notebook does that scoring has to take over. */
  shows: string;
  /** Its folder. */
  dir: string;
}

export interface TemplateFile {
  /** Path within the project, with `/`. */
  path: string;
  data: Buffer;
}

const DESCRIPTION = "template.json";
/** npm packs no file of the name on the right. */
const RENAMED: Record<string, string> = { gitignore: ".gitignore" };

/** The templates that are shipped with iapp, by name. */
export async function listTemplates(root = join(packageRoot(), "templates")): Promise<Template[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: unknown) => {
    throw new OperationError("IAPP_INSTALL_DAMAGED", "the templates are missing from this installation of iapp", {
      remedy: "Install iapp again.",
      cause,
    });
  });
  const found = entries
    .filter((entry) => entry.isDirectory())
    .map(async ({ name }): Promise<Template> => {
      const dir = join(root, name);
      return { ...(JSON.parse(await readFile(join(dir, DESCRIPTION), "utf8")) as Omit<Template, "dir">), dir };
    });
  return (await Promise.all(found)).sort((a, b) => a.name.localeCompare(b.name));
}

/** @throws UserError when there is no such template, with the nearest name */
export function templateNamed(templates: readonly Template[], name: string): Template {
  const found = templates.find((template) => template.name === name);
  if (found !== undefined) return found;
  const names = templates.map((template) => template.name);
  const near = nearest(name, names, 1)[0];
  throw new UserError("IAPP_INIT_NO_TEMPLATE", `there is no template '${name}'`, {
    remedy: near === undefined ? `Choose one of: ${names.join(", ")}.` : `Did you mean ${near}?`,
    data: { templates: names },
  });
}

/** The files that a project made from a template consists of. */
export async function templateFiles(template: Template): Promise<TemplateFile[]> {
  const entries = await readdir(template.dir, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(template.dir.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter((path) => path !== DESCRIPTION && !/(^|\/)(\.iapp|\.ipynb_checkpoints|__pycache__)\//.test(path))
    .sort();
  return Promise.all(
    paths.map(async (path) => ({ path: RENAMED[path] ?? path, data: await readFile(join(template.dir, path)) })),
  );
}
