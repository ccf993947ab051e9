import type { InitResult } from "../actions/init/index.js";
import type { Host } from "../core/host.js";
import { table } from "../ui/table.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "start a project from a template, or adopt a folder with notebooks",
  description:
    "Makes a project from a template with its notebook and data, or takes a folder with notebooks as it is. " +
    "Files that are there are never replaced without asking; iapp.yaml is written only when something needs saying.",
  arguments: [{ name: "[dir]", summary: "folder of the project; one that is named like a template is made from it" }],
  options: [
    { flags: "-t, --template <name>", summary: "start from this template" },
    { flags: "-l, --list-templates", summary: "show the templates" },
    { flags: "-n, --name <name>", summary: "name of the app, instead of the notebook's file name" },
    { flags: "--notebook <file>", summary: "the notebook that is served, where the folder holds several" },
    { flags: "-f, --force", summary: "overwrite files that are there" },
    { flags: "--dry-run", summary: "show what would be written, write nothing" },
  ],
  examples: [
    "iapp init churn",
    "iapp init my-project --template tickets --yes",
    "cd notebooks && iapp init",
    "iapp init --list-templates --json",
  ],
  async run(input, host) {
    if (input.options.listTemplates === true) return showTemplates(host);
    const { init } = await import("../actions/init/index.js");
    const option = (name: string): string | undefined => input.options[name] as string | undefined;
    const result = await init(host, {
      dir: input.args[0],
      template: option("template"),
      name: option("name"),
      notebook: option("notebook"),
      force: input.options.force === true,
      dryRun: input.options.dryRun === true,
    });
    const { inWords } = await import("../actions/init/adopt.js");
    host.result(result, () => text(result, host, inWords));
    return undefined;
  },
});

async function showTemplates(host: Host): Promise<undefined> {
  const { listTemplates } = await import("../project/templates.js");
  const templates = (await listTemplates()).map(({ dir: _, ...template }) => template);
  const rows = templates.map(({ name, description }) => [name, description]);
  host.result({ schema: "iapp.templates/1", templates }, () =>
    [
      table(["TEMPLATE", "WHAT IT IS"], rows, host.columns),
      "",
      `Start one: iapp init my-project --template ${templates[0]?.name ?? "NAME"}`,
    ].join("\n"),
  );
  return undefined;
}

function text(result: InitResult, host: Host, inWords: (one: InitResult["found"][number]) => string): string {
  const { style } = host;
  const written = result.files.filter(({ action }) => action !== "keep");
  const verb = result.dry_run ? "would write" : "wrote";
  const lines: string[] = [];
  for (const one of result.found) {
    if (one.path === result.notebook || result.found.length <= 5)
      lines.push(`${one.path === result.notebook ? style.bold(one.path) : one.path}  ${inWords(one)}`);
  }
  if (written.length === 0) lines.push(`Nothing to write: ${result.notebook} can be deployed as it is.`);
  else {
    lines.push(`${verb} to ${result.folder}:`);
    lines.push(
      ...written.map(({ path, action }) => `  ${path}${action === "overwrite" ? style.dim("  (was there)") : ""}`),
    );
  }
  if (result.dry_run) return lines.join("\n");
  return [...lines, "", style.bold("Next"), ...result.next.map((step) => `  ${step}`)].join("\n");
}
