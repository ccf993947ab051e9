import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The Python that tests may ask (`IAPP_TEST_PYTHON`, else `python3`), or null. */
export const python: string | null = (() => {
  const candidate = process.env.IAPP_TEST_PYTHON ?? "python3";
  return spawnSync(candidate, ["-c", "import sys; assert sys.version_info >= (3, 9)"]).status === 0 ? candidate : null;
})();

/** Runs a script of `oracle/` with a JSON document on its standard input; gives the one it prints. */
export function ask<T>(script: string, document: unknown): T {
  const run = spawnSync(python!, [join(import.meta.dirname, "oracle", script)], {
    input: JSON.stringify(document),
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as T;
}
