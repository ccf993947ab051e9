import { randomBytes } from "node:crypto";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ReportInput, renderReport } from "../../codegen/report/index.js";
import type { Agreement } from "../../core/agreement.js";
import type {
  BundleFile,
  ContractDocument,
  Program,
  RecordDocument,
  VerificationDocument,
} from "../../core/contract.js";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { fileError, readJson, writeFileAtomic } from "../../core/fs.js";
import type { ModelSummary } from "../../core/lineage.js";
import type { ProjectLayout } from "../../project/layout.js";
import { bundleDigest, digestFile, EXPLAINS } from "./digest.js";
import type { BundleIndex } from "./documents.js";
import { frozenDocument, plannedFiles, textOf } from "./files.js";
import { lineageOf } from "./lineage.js";
import { damagedFiles } from "./read.js";

export interface WriteBundleInput {
  /** The run's folder, probed and proved. */
  runDir: string;
  layout: ProjectLayout;
  name: string;
  program: Program;
  record: RecordDocument;
  contract: ContractDocument;
  verification: VerificationDocument;
  /** Comparison with the stored outputs; it explains and is no part of the content. */
  agreement: Agreement | null;
  /** Texts of the locks of both environments. */
  trainingLock: string;
  scoringLock: string;
}

/**
 * Writes the content-addressed bundle of a proved run and returns its digest and folder. It is made beside and renamed:
 * a bundle folder is complete or not there. Where the same content exists already, only its explanations are renewed.
 * Throws `IAPP_BUNDLE_UNPROVED` unless the verification says equal.
 */
export async function writeBundle(ctx: Context, input: WriteBundleInput): Promise<{ digest: string; dir: string }> {
  if (!input.verification.equal) {
    throw new OperationError("IAPP_BUNDLE_UNPROVED", "a bundle is only made of a run whose proof holds", {
      data: { first_difference: input.verification.first_difference, error: input.verification.error },
    });
  }
  const { layout, record, verification, name } = input;
  const beside = join(layout.bundles, `.new-${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(beside, { recursive: true });
    const files: BundleFile[] = [];
    const add = async (
      path: string,
      role: string,
      code: boolean,
      put: (to: string) => Promise<void>,
    ): Promise<void> => {
      const to = join(beside, path);
      await mkdir(dirname(to), { recursive: true });
      await put(to);
      files.push({ path, ...(await digestFile(to)), role, code });
    };
    const addText = (path: string, role: string, text: string): Promise<void> =>
      add(path, role, false, (to) => writeFile(to, text));

    for (const file of await plannedFiles(input.runDir, record)) {
      await add(file.path, file.role, file.code, (to) =>
        copyFile(file.from, to).catch((cause) => Promise.reject(fileError(file.from, "copied", cause))),
      );
    }
    await addText("frozen.json", "frozen", json(frozenDocument(record)));
    await addText("requirements.lock", "lock", input.scoringLock);
    await addText("training.lock", "lock", input.trainingLock);
    const probe = await readJson<{ models?: Record<string, ModelSummary> }>(join(input.runDir, "probe.json"));
    const models = probe?.models ?? {};
    const lineage = await lineageOf(ctx, {
      root: layout.root,
      name,
      program: input.program,
      record,
      verification,
      models,
    });
    await addText("lineage.json", "lineage", json(lineage));
    const digest = bundleDigest(name, files);
    const report: ReportInput = {
      name,
      digest,
      lineage,
      contract: input.contract,
      verification,
      agreement: input.agreement,
      scorePy: (await textOf(join(input.runDir, "score.py"))) ?? "",
      notebook: await readJson(join(input.runDir, "executed.ipynb")),
      files: files.map(({ path, bytes, code }) => ({ path, bytes, code })),
    };
    await addText("report.html", "report", renderReport(report));
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    const index: BundleIndex = { schema: "iapp.bundle/1", name, digest, files };
    await writeFile(join(beside, "bundle.json"), json(index));
    const dir = join(layout.bundles, digest);
    await settle(beside, dir, index);
    return { digest, dir };
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** Moves the finished folder to its place, or renews the explanations of the same content that is there already. */
async function settle(beside: string, dir: string, index: BundleIndex): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(beside, dir);
      return;
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? "";
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(code) || attempt > 0) throw fileError(dir, "written", cause);
    }
    const there = await readJson<BundleIndex>(join(dir, "bundle.json")).catch(() => null);
    const sound = there !== null && there.digest === index.digest && (await damagedFiles(dir, there)).length === 0;
    if (sound) {
      for (const file of index.files.filter((file) => EXPLAINS.has(file.role))) {
        const text = await textOf(join(beside, file.path));
        await writeFileAtomic(join(dir, file.path), text ?? "");
      }
      await writeFileAtomic(join(dir, "bundle.json"), json(index));
      return;
    }
    await rm(dir, { recursive: true, force: true });
  }
}

function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
