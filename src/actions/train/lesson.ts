import type { Failure, Program, RecordDocument } from "../../core/contract.js";
import { type Notebook, printedVersions, rangesOf } from "../../notebook/index.js";
import { authorEra, eraBounds, USUAL_ERA, type VersionBound } from "../../project/era/index.js";
import { distributionOf } from "../../project/import-names.js";
import type { TrainResult } from "./types.js";

/** Environments that are tried for one notebook. */
export const ATTEMPTS = 3;

/** Errors that code of another time ends in; the rest (a missing file, a name nobody defined) is no question of versions. */
const OF_ITS_TIME =
  /^(AttributeError|TypeError|ImportError|ValueError|.*ParameterError|.*DtypeError|LossySetitemError)$/;
/** Of those, the ones that hardly anything else ends in. */
const MOSTLY_OF_ITS_TIME = /^(AttributeError|ImportError|.*ParameterError)$/;

/** What a run showed about the versions that the notebook needs. */
export interface Lesson {
  bounds: VersionBound[];
  /** For people: what was seen, and in which cell. */
  why: string;
}

/**
 * Versions to try instead, from the failing cells of a refused run, or from statements of a verified one that this pandas ignores. Null when
 * other versions would change nothing.
 */
export function lessonOf(
  { record }: Pick<TrainResult, "record">,
  program: Program,
  notebook: Notebook,
  attempt: number,
): Lesson | null {
  if (record === null || attempt >= ATTEMPTS) return null;
  return record.status === "refused" ? fromFailures(record, program, notebook) : fromSilence(record);
}

function fromFailures(record: RecordDocument, program: Program, notebook: Notebook): Lesson | null {
  // A refusal for another reason may follow from any failing cell: the model was never reached.
  const decisive = record.failures.some(({ matters }) => matters);
  const failures = record.failures.filter(({ matters }) => matters || !decisive);
  const bounds = failures.flatMap((failure) => boundsFrom(failure, program));
  const first = failures.find(({ ename }) => OF_ITS_TIME.test(ename)) ?? failures[0];
  if (first === undefined) return null;
  const why = `cell ${first.cell} fails here (${first.ename}: ${first.evalue.split("\n")[0]!.slice(0, 120)})`;
  if (bounds.length > 0) return { bounds, why };
  if (!OF_ITS_TIME.test(first.ename)) return null;
  const known = authorEra(printedVersions(notebook), notebook.languageVersion);
  const era = known ?? (MOSTLY_OF_ITS_TIME.test(first.ename) ? USUAL_ERA : null);
  return era === null ? null : { bounds: eraBounds(era), why };
}

function boundsFrom(failure: Failure, program: Program): VersionBound[] {
  const { cell, line, ename, evalue, traceback } = failure;
  const lines = program.cells.find((one) => one.cell === cell)?.source.split("\n") ?? [];
  const source = [lines[line - 1] ?? "", ...traceback].join("\n");
  return rangesOf({ ename, evalue, source }).map(({ module, below, from }) => ({
    distribution: distributionOf(module),
    below,
    from,
    why: `cell ${cell} (${ename})`,
  }));
}

function fromSilence(record: RecordDocument): Lesson | null {
  const needed = new Set(
    record.cells.filter(({ verdict }) => verdict === "score" || verdict === "train").map(({ cell }) => cell),
  );
  const silent = record.warnings.find(
    ({ code, cell }) => code === "IAPP_NOTEBOOK_NO_EFFECT" && cell !== null && needed.has(cell),
  );
  if (silent === undefined || Number(record.packages.pandas?.split(".")[0]) < 3) return null;
  const why = `cell ${silent.cell}, line ${silent.line} has no effect with pandas ${record.packages.pandas}`;
  return { bounds: [{ distribution: "pandas", below: "3.0", from: null, why }], why };
}
