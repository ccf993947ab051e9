import { structuredPatch } from "diff";
import type { ContractColumn } from "../../core/contract.js";
import type { Bundle } from "./documents.js";

/** A value that is in one, in the other, or in both but not the same. `null` means: not there. */
export interface Change {
  name: string;
  from: unknown;
  to: unknown;
}

/** What `iapp bundle diff` says (`iapp.bundle-diff/1`). Empty lists: nothing changed there. */
export interface BundleDiff {
  schema: "iapp.bundle-diff/1";
  from: string;
  to: string;
  same: boolean;
  served: Change[];
  models: Change[];
  frozen: Change[];
  contract: Change[];
  output: Change[];
  packages: Change[];
  parameters: Change[];
  data: Change[];
  proof: Change[];
  cells: Change[];
  /** Lines of a unified diff of score.py, without the header. */
  score: string[];
  /** Files whose content decides what is served and differs. */
  files: Change[];
}

/** Compares what two bundles serve, how it was learned, and how it was proved. Pure. */
export function diffBundles(a: Bundle, b: Bundle): BundleDiff {
  const [p, q] = [a.lineage, b.lineage];
  return {
    schema: "iapp.bundle-diff/1",
    from: a.index.digest,
    to: b.index.digest,
    same: a.index.digest === b.index.digest,
    served: changes(
      { model: p.served?.name, class: p.served?.class, cell: p.served?.cell, method: p.served?.method, task: p.task },
      { model: q.served?.name, class: q.served?.class, cell: q.served?.cell, method: q.served?.method, task: q.task },
    ),
    models: changes(modelFacts(a), modelFacts(b)),
    frozen: frozenChanges(a, b),
    contract: changes(columnFacts(a.contract.columns), columnFacts(b.contract.columns)),
    output: changes({ ...a.contract.output }, { ...b.contract.output }),
    packages: changes(
      { python: p.python.scoring, ...p.packages.scoring },
      { python: q.python.scoring, ...q.packages.scoring },
    ),
    parameters: changes(byName(p.parameters), byName(q.parameters)),
    data: changes(digests(p.data_files), digests(q.data_files)),
    proof: changes(proofFacts(a), proofFacts(b)),
    cells: changes(verdicts(a), verdicts(b)),
    score: patch(a.scorePy, b.scorePy),
    files: changes(servedFiles(a), servedFiles(b)),
  };
}

/** Entries of two objects that differ, in the order of the first, then what only the second has. */
export function changes(a: Record<string, unknown>, b: Record<string, unknown>): Change[] {
  const names = [...Object.keys(a), ...Object.keys(b).filter((name) => !(name in a))];
  return names
    .map((name) => ({ name, from: a[name] ?? null, to: b[name] ?? null }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}

function modelFacts({ lineage }: Bundle): Record<string, unknown> {
  return Object.fromEntries(
    lineage.models.flatMap((model) => [
      [model.name, model.class] as const,
      ...Object.entries(model.params).map(([key, value]) => [`${model.name}.${key}`, value] as const),
    ]),
  );
}

/** Changed values by their summary, or, where that reads the same, by saying that they differ. */
function frozenChanges(a: Bundle, b: Bundle): Change[] {
  const hashes = (bundle: Bundle): Map<string, string> =>
    new Map(bundle.index.files.map((file) => [file.path, file.sha256]));
  const [ha, hb] = [hashes(a), hashes(b)];
  const summary = (bundle: Bundle, name: string): string | null =>
    bundle.lineage.frozen.find((frozen) => frozen.name === name)?.summary ?? (name in bundle.frozen ? "set" : null);
  const content = (bundle: Bundle, files: Map<string, string>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(bundle.frozen).map(([name, entry]) => [name, withDigests(entry, files)]));
  return changes(content(a, ha), content(b, hb)).map(({ name }) => {
    const [from, to] = [summary(a, name), summary(b, name)];
    return from !== to ? { name, from, to } : { name, from, to: `${to} (other values)` };
  });
}

/** A value in a side file is compared by that file's content. */
function withDigests(value: unknown, files: Map<string, string>): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part) =>
      key === "file" && typeof part === "string" ? (files.get(part) ?? part) : part,
    ),
  );
}

function columnFacts(columns: ContractColumn[]): Record<string, unknown> {
  const facts = ["type", "required", "nullable", "min", "max", "categories", "default"] as const;
  return Object.fromEntries(
    columns.flatMap((column) => [
      [column.name, "column"] as const,
      ...facts.map((fact) => [`${column.name}.${fact}`, column[fact]] as const),
    ]),
  );
}

function byName(list: { name: string; value: unknown }[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

function digests(files: { path: string; sha256: string }[]): Record<string, unknown> {
  return Object.fromEntries(files.map(({ path, sha256 }) => [path, sha256.slice(0, 12)]));
}

function proofFacts({ verification }: Bundle): Record<string, unknown> {
  return {
    equal: verification.equal,
    "rows together": verification.rows.batch,
    "rows one by one": verification.rows.single,
    "rows with required columns only": verification.rows.required_only,
    tolerance: verification.predictions.tolerance,
  };
}

function verdicts({ lineage }: Bundle): Record<string, unknown> {
  return Object.fromEntries(lineage.cells.map(({ cell, verdict }) => [`cell ${cell}`, verdict]));
}

function servedFiles({ index }: Bundle): Record<string, unknown> {
  const decides = index.files.filter((file) => !["report", "lineage", "verification", "map"].includes(file.role));
  return Object.fromEntries(decides.map(({ path, sha256 }) => [path, sha256.slice(0, 12)]));
}

function patch(a: string, b: string): string[] {
  const { hunks } = structuredPatch("score.py", "score.py", a, b, "", "", { context: 3 });
  return hunks.flatMap((hunk) => [
    `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    ...hunk.lines,
  ]);
}
