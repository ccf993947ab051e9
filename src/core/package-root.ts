import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the installed package: the nearest one above this file that holds `src/runtime`. */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) && existsSync(join(folder, "src", "runtime"))) return folder;
    if (dirname(folder) === folder) throw new Error(`no package above ${start}`);
  }
}

/** Version of the installed package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string };
  return version;
}

/** What starts another process of this very command line: program and first argument. */
export function ownCommand(env: Readonly<Record<string, string | undefined>>): [string, string] {
  // Tests run a bundle of their own; everybody else the installed shim.
  return [process.execPath, env.IAPP_ENTRY ?? join(packageRoot(), "bin", "iapp.js")];
}
