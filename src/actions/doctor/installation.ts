import { join } from "node:path";
import { assetPath } from "../../core/assets.js";
import { exists } from "../../core/fs.js";
import { packageRoot } from "../../core/package-root.js";
import { listTemplates } from "../../project/templates.js";
import { type Check, fail, ok } from "./finding.js";

/** The parts of iapp itself: the runtime, the grammar, the templates. */
export const installation: Check = async () => {
  const missing: string[] = [];
  if (!(await exists(join(packageRoot(), "src/runtime/iapp_runtime/__init__.py")))) missing.push("the Python runtime");
  for (const name of ["web-tree-sitter.wasm", "tree-sitter-python.wasm"] as const) {
    try {
      assetPath(name);
    } catch {
      missing.push(name);
    }
  }
  if ((await listTemplates().catch(() => [])).length === 0) missing.push("the templates");
  if (missing.length === 0) return [ok("installation", "iapp is complete")];
  return [fail("installation", `parts of iapp are missing: ${missing.join(", ")}`, "Install iapp again.")];
};
