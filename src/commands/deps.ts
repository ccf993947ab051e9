import { relative, resolve } from "node:path";
import {
  addDependencies,
  type DependencyReport,
  type Edited,
  gatherDependencies,
  type LockPlatform,
  lockFor,
  notebooksOf,
  removeDependencies,
} from "../actions/deps/index.js";
import { projectConfig } from "../config/index.js";
import { UserError } from "../core/errors.js";
import { writeFileAtomic } from "../core/fs.js";
import type { Host, Style } from "../core/host.js";
import { findProject, type ProjectLayout } from "../project/layout.js";
import { choosePython } from "../project/python.js";
import { table } from "../ui/table.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "what the notebooks need: declared, imported, missing; add, remove, lock",
  examples: [
    "iapp deps list",
    "iapp deps list churn.ipynb --fix",
    "iapp deps add 'pandas>=2,<3'",
    "iapp deps lock --platform linux/arm64 --output requirements.lock",
  ],
  subcommands: {
    list: {
      summary: "each package, who asks for it, and what is missing; exit 1 where something is",
      arguments: [{ name: "[notebooks...]", summary: "notebooks (default: those of the project's folder)" }],
      options: [{ flags: "--fix", summary: "declare what is missing, in requirements.txt or pyproject.toml" }],
      examples: ["iapp deps list", "iapp deps list churn.ipynb --json", "iapp deps list --fix"],
      run: async ({ rest, options }, host) => {
        const layout = await findProject(host.cwd);
        const report = await gather(host, layout, rest);
        const fixed = options.fix === true && report.missing.length > 0 ? await fix(layout, report) : null;
        const { resolve: _sources, ...shown } = report;
        host.result({ ...shown, fixed }, () => reportText(report, fixed, host));
        return report.missing.length > 0 && fixed === null ? 1 : 0;
      },
    },
    add: {
      summary: "declare packages, keeping order and comments of the file",
      arguments: [{ name: "<packages...>", summary: "names with or without versions" }],
      examples: ["iapp deps add lightgbm", "iapp deps add 'pandas>=2,<3' 'scikit-learn==1.5.2'"],
      run: async ({ rest }, host) => {
        const edited = await addDependencies((await findProject(host.cwd)).root, rest);
        host.result({ schema: "iapp.deps-edit/1", ...edited }, () => editedText(edited));
        return 0;
      },
    },
    remove: {
      summary: "take packages out of the file that declares them",
      arguments: [{ name: "<packages...>", summary: "names" }],
      examples: ["iapp deps remove lightgbm"],
      run: async ({ rest }, host) => {
        const edited = await removeDependencies((await findProject(host.cwd)).root, rest);
        host.result({ schema: "iapp.deps-edit/1", ...edited }, () => editedText(edited));
        return 0;
      },
    },
    lock: {
      summary: "resolve everything with hashes, for this or another platform",
      arguments: [{ name: "[notebooks...]", summary: "notebooks (default: those of the project's folder)" }],
      options: [
        {
          flags: "--platform <platform>",
          summary: "what it is for",
          choices: ["linux/amd64", "linux/arm64"],
          default: "linux/amd64",
        },
        { flags: "--python <version>", summary: "Python's version (default: the notebook's)" },
        { flags: "--output <file>", summary: "write it there (default: standard output)" },
      ],
      examples: ["iapp deps lock", "iapp deps lock --platform linux/arm64 --python 3.11 --output requirements.lock"],
      run: async ({ rest, options }, host) => {
        const layout = await findProject(host.cwd);
        const report = await gather(host, layout, rest);
        const { interpreter } = await choosePython(host, { explicit: null, notebook: null });
        const version = (options.python as string | undefined) ?? interpreter.minor;
        if (!/^3\.\d+(\.\d+)?$/.test(version)) {
          throw new UserError("IAPP_CLI_PYTHON", `--python ${version} is not a version such as 3.11`);
        }
        const target = { python: interpreter, version, platform: options.platform as LockPlatform };
        const lock = await lockFor(host, report.resolve, target);
        const output = options.output as string | undefined;
        if (output !== undefined) await writeFileAtomic(resolve(host.cwd, output), lock.text);
        const document = {
          schema: "iapp.deps-lock/1",
          platform: target.platform,
          python: version,
          output: output ?? null,
        };
        host.result({ ...document, packages: lock.packages }, () =>
          output === undefined
            ? lock.text.trimEnd()
            : `${Object.keys(lock.packages).length} packages locked in ${relative(host.cwd, resolve(host.cwd, output))}`,
        );
        return 0;
      },
    },
  },
});

async function gather(host: Host, layout: ProjectLayout, named: readonly string[]): Promise<DependencyReport> {
  const { config } = await projectConfig(layout.root);
  const given = named.length > 0 ? named.map((path) => resolve(host.cwd, path)) : null;
  const own = config.notebook === undefined ? null : [resolve(layout.root, config.notebook)];
  return gatherDependencies(host, layout, given ?? own ?? (await notebooksOf(layout.root)));
}

function fix(layout: ProjectLayout, report: DependencyReport): Promise<Edited> {
  return addDependencies(layout.root, report.missing);
}

function editedText({ file, added, removed }: Edited): string {
  const lines = [...removed.map((one) => `- ${one}`), ...added.map((one) => `+ ${one}`)];
  return lines.length === 0 ? `nothing to change in ${file}` : [file, ...lines.map((line) => `  ${line}`)].join("\n");
}

function reportText(report: DependencyReport, fixed: Edited | null, { style, columns }: Host): string {
  const status = { declared: "declared", notebook: "notebook", missing: style.yellow("missing") };
  const rows = report.dependencies.map((one) => {
    const unused = one.status === "declared" && one.used_by.length === 0;
    return [one.text, status[one.status], one.origin, unused ? style.dim("no import seen") : one.used_by.join(", ")];
  });
  const parts = [table(["package", "status", "asked for by", "used by"], rows, columns)];
  if (report.author !== null) parts.push("", style.dim(`versions of missing packages are those of ${report.author}`));
  if (report.local.length > 0) parts.push("", `modules of the project: ${report.local.join(", ")}`);
  if (report.system.length > 0) parts.push("", ...systemText(report, style));
  if (report.notes.length > 0) parts.push("", ...report.notes);
  if (fixed !== null) parts.push("", editedText(fixed));
  else if (report.missing.length > 0) {
    parts.push(
      "",
      `${style.yellow(`${report.missing.length} imported and not declared`)}: iapp deps list --fix declares them`,
    );
  }
  return parts.join("\n");
}

function systemText({ system }: DependencyReport, style: Style): string[] {
  return system.map(({ distribution, debian, instead }) => {
    const more = instead === null ? "" : style.dim(`  (${instead})`);
    return `${distribution} needs more than Python's packages: ${debian.join(", ")}${more}`;
  });
}
