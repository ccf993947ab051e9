import type { Failure, RecordDocument } from "../../core/contract.js";
import { exists } from "../../core/fs.js";
import type { Exchanged, FileWriter } from "../../project/exchange.js";

/** A file that another notebook reads, and what writes it. */
export interface WantedFile {
  wanted: Exchanged;
  by: FileWriter;
}

export interface Wrong {
  reason: string;
  where: string | null;
  remedy: string;
}

/** Why the files that a notebook was run for are not there, or not what the notebook means; null when they are. */
export async function whatIsWrong(record: RecordDocument, files: readonly WantedFile[]): Promise<Wrong | null> {
  const { refusal } = record;
  if (refusal !== null && /_(KERNEL_DIED|TIMEOUT|INTERNAL)$/.test(refusal.code))
    return { reason: `did not come to its end: ${refusal.reason}`, where: null, remedy: refusal.remedy ?? "" };
  for (const { wanted, by } of files) {
    const [failure] = record.failures.filter((one) => countsFor(one, by));
    if (failure !== undefined) {
      return {
        reason: `fails where it makes ${wanted.path}: ${failure.ename}: ${failure.evalue.split("\n")[0]!.slice(0, 200)}`,
        where: `cell ${failure.cell}, line ${failure.line}`,
        remedy: "Correct the cell, or put the file there: it is then used as it is.",
      };
    }
    if (!(await exists(wanted.file)))
      return {
        reason: `has run but did not write ${wanted.path}`,
        where: `cell ${by.cell}`,
        remedy: "Look at what the cell writes, or put the file there.",
      };
  }
  return null;
}

/** The record with the failures judged by the files: those of a cell in which one is made matter. */
export function judgedBy(record: RecordDocument, files: readonly WantedFile[]): RecordDocument {
  const failures = record.failures.map((one) => ({ ...one, matters: files.some(({ by }) => countsFor(one, by)) }));
  return { ...record, status: "refused", failures };
}

const countsFor = ({ cell }: Failure, { made_in }: FileWriter): boolean => made_in === null || made_in.includes(cell);
