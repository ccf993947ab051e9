import { join } from "node:path";
import { exists } from "../../core/fs.js";
import type { TemplateFile } from "../../project/templates.js";

/** Files that `init` is going to write, and those among them that are there already with other content. */
export interface InitPlan {
  /** The project's folder, absolute. */
  folder: string;
  files: TemplateFile[];
  /** Paths that exist with other content. */
  conflicts: string[];
}

/** What writing these files into a folder would do. Files that are there with the very same content are left out. */
export async function planFiles(
  folder: string,
  files: readonly TemplateFile[],
  read: (path: string) => Promise<Buffer | null>,
): Promise<InitPlan> {
  const plan: InitPlan = { folder, files: [], conflicts: [] };
  for (const file of files) {
    const there = await read(join(folder, file.path));
    if (there?.equals(file.data)) continue;
    plan.files.push(file);
    if (there !== null || (await exists(join(folder, file.path)))) plan.conflicts.push(file.path);
  }
  return plan;
}
