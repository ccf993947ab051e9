import type { ProjectLayout } from "../../project/layout.js";
import type { Bundle } from "./documents.js";
import { damagedFiles, findBundle, readBundle } from "./read.js";

/** What `iapp bundle show` says (`iapp.bundle-show/1`). */
export interface BundleView {
  schema: "iapp.bundle-show/1";
  digest: string;
  dir: string;
  name: string;
  served: Bundle["lineage"]["served"];
  source: Bundle["lineage"]["source"];
  cells: Bundle["lineage"]["cells"];
  frozen: Bundle["lineage"]["frozen"];
  models: Bundle["lineage"]["models"];
  contract: Bundle["contract"];
  checks: Bundle["lineage"]["checks"];
  warnings: Bundle["lineage"]["warnings"];
  failures: Bundle["lineage"]["failures"];
  verification: Bundle["verification"];
  notebook: Bundle["lineage"]["notebook"];
  git: Bundle["lineage"]["git"];
  parameters: Bundle["lineage"]["parameters"];
  data_files: Bundle["lineage"]["data_files"];
  packages: Record<string, string>;
  python: string;
  files: Bundle["index"]["files"];
  /** Files whose loading runs code that is in them. */
  code: string[];
  bytes: number;
  /** Files that are missing or were changed since the bundle was written. */
  damaged: string[];
}

/** Explains one bundle. `which`: a folder, the beginning of a digest, or undefined for the newest of the project. */
export async function showBundle(cwd: string, layout: ProjectLayout, which: string | undefined): Promise<BundleView> {
  const { dir, index, lineage, contract, verification } = await readBundle(await findBundle(cwd, layout, which));
  return {
    schema: "iapp.bundle-show/1",
    digest: index.digest,
    dir,
    name: index.name,
    served: lineage.served,
    source: lineage.source,
    cells: lineage.cells,
    frozen: lineage.frozen,
    models: lineage.models,
    contract,
    checks: lineage.checks,
    warnings: lineage.warnings,
    failures: lineage.failures,
    verification,
    notebook: lineage.notebook,
    git: lineage.git,
    parameters: lineage.parameters,
    data_files: lineage.data_files,
    packages: lineage.packages.scoring,
    python: lineage.python.scoring,
    files: index.files,
    code: index.files.filter((file) => file.code).map((file) => file.path),
    bytes: index.files.reduce((sum, file) => sum + file.bytes, 0),
    damaged: await damagedFiles(dir, index),
  };
}
