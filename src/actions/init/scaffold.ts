import { basename, resolve } from "node:path";
import { withKeys } from "../../config/index.js";
import { UserError } from "../../core/errors.js";
import type { Host } from "../../core/host.js";
import { slug } from "../../core/slug.js";
import { listTemplates, type Template, templateFiles, templateNamed } from "../../project/templates.js";
import type { Draft, InitInput } from "./index.js";

/** The template that is named, that the folder is called after, or that is chosen. */
export async function chooseTemplate(host: Host, input: InitInput, folder: string): Promise<Template> {
  const templates = await listTemplates();
  if (input.template !== undefined) return templateNamed(templates, input.template);
  const called = input.dir === undefined ? undefined : templates.find(({ name }) => name === basename(folder));
  if (called !== undefined) {
    host.emit({
      code: "init.template",
      level: "info",
      text: `from the template ${called.name}: ${called.description}`,
    });
    return called;
  }
  if (!host.interactive || host.yes) {
    throw new UserError("IAPP_INIT_NOTHING", `there is no notebook in ${folder}`, {
      remedy: `Start from a template: --template ${templates.map(({ name }) => name).join(" | ")}`,
      data: { templates: templates.map(({ name }) => name) },
    });
  }
  return host.select(
    "No notebook here. Start from which template?",
    templates.map((template) => ({
      value: template,
      name: template.name,
      description: `${template.description} (${template.shows})`,
    })),
    { flag: "--template" },
  );
}

/** A project made from a template. Without a folder it goes into one of the template's name, never into the current one. */
export async function fromTemplate(host: Host, input: InitInput, template: Template): Promise<Draft> {
  const folder = resolve(host.cwd, input.dir ?? template.name);
  const own = slug(template.notebook.replace(/\.ipynb$/, ""))!;
  const name = input.name ?? own;
  const files = await templateFiles(template);
  if (name !== own) files.push({ path: "iapp.yaml", data: Buffer.from(withKeys(null, { name })) });
  return { kind: "template", folder, template: template.name, name, notebook: template.notebook, looked: [], files };
}
