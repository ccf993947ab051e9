import { relative } from "node:path";
import type { ProgramRemark } from "../core/contract.js";
import type { Twin } from "./twins.js";

/** Of the program: what is read in place of what. */
export const pathsOf = (twins: readonly Twin[]): Record<string, string> =>
  Object.fromEntries(twins.flatMap(({ path, files }) => (files.length === 1 ? [[path, files[0]!]] : [])));

/** Of several files with the name of one that is not here none is taken. */
export function undecided(twins: readonly Twin[], root: string): ProgramRemark[] {
  return twins
    .filter(({ files }) => files.length > 1)
    .map(({ path, files }) => ({
      code: "IAPP_NOTEBOOK_PATH",
      cell: null,
      line: null,
      text: `${path} is not here, and several files have its name: ${files.map((file) => relative(root, file)).join(", ")}`,
    }));
}
