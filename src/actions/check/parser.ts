import { readFile } from "node:fs/promises";
import { assetPath } from "../../core/assets.js";
import { loadParser, type PythonParser } from "../../notebook/index.js";

/** The Python parser with the grammar that is shipped with iapp. Loaded once a process. */
export function pythonParser(): Promise<PythonParser> {
  return loadParser(async () => {
    const [engine, grammar] = await Promise.all([
      readFile(assetPath("web-tree-sitter.wasm")),
      readFile(assetPath("tree-sitter-python.wasm")),
    ]);
    return { engine, grammar };
  });
}
