import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { exists } from "../core/fs.js";
import { type PythonParser, parseNotebook, type StaticReport, staticReport } from "../notebook/index.js";
import { filesBelow } from "./files.js";

/** A notebook that writes a file, with the cell that does, and those that what it writes is made in (null: any). */
export interface FileWriter {
  /** Absolute. */
  notebook: string;
  cell: number;
  made_in: number[] | null;
}

/** A file that a notebook reads and that other notebooks of the project write. */
export interface Exchanged {
  /** As the reading notebook names it. */
  path: string;
  /** Absolute. */
  file: string;
  /** Where it is read. */
  cell: number;
  line: number;
  needed: boolean;
  exists: boolean;
  writers: FileWriter[];
}

/** The files through which other notebooks of the project hand something to this one, recognised by their names. */
export async function exchangedFiles(
  root: string,
  notebook: string,
  files: StaticReport["data_files"],
  parser: PythonParser,
): Promise<Exchanged[]> {
  const folder = dirname(notebook);
  const at = (path: string): string => resolve(folder, path);
  const own = new Set<string>();
  const read = new Map<string, StaticReport["data_files"][number] & { path: string }>();
  for (const file of files) {
    const { access, kind, path } = file;
    if (kind !== "file" || path === null) continue;
    // What it has written itself by then comes from nobody else.
    if (access === "write") own.add(at(path));
    else if (!own.has(at(path)) && !read.has(at(path))) read.set(at(path), { ...file, path });
  }
  if (read.size === 0) return [];
  const writers = await writersOf([...read.keys()], root, notebook, parser);
  const found: Exchanged[] = [];
  for (const [file, { path, cell, line, needed }] of read) {
    const by = writers.get(file);
    if (by !== undefined) found.push({ path, file, cell, line, needed, exists: await exists(file), writers: by });
  }
  return found;
}

/** The notebooks below the root that write these files. Only those whose text has a file's name in it are looked at closely. */
async function writersOf(
  files: readonly string[],
  root: string,
  reader: string,
  parser: PythonParser,
): Promise<Map<string, FileWriter[]>> {
  const found = new Map<string, FileWriter[]>();
  const stems = files.map((file) => basename(file).replace(/\.np[yz]$/, ""));
  for (const notebook of (await filesBelow(root)).filter((one) => one.endsWith(".ipynb") && one !== reader)) {
    const text = await readFile(notebook, "utf8").catch(() => "");
    if (!stems.some((stem) => text.includes(stem))) continue;
    for (const { path, access, cell, made_in } of dataFilesIn(text, notebook, parser)) {
      if (access !== "write" || path === null) continue;
      const file = resolve(dirname(notebook), path);
      const known = found.get(file)?.find((one) => one.notebook === notebook);
      if (!files.includes(file)) continue;
      if (known === undefined) found.set(file, [...(found.get(file) ?? []), { notebook, cell, made_in }]);
      // Written in several places: what any of them needs counts.
      else known.made_in = known.made_in === null || made_in === null ? null : [...known.made_in, ...made_in];
    }
  }
  return found;
}

/** What cannot be read as a notebook writes nothing. */
function dataFilesIn(text: string, path: string, parser: PythonParser): StaticReport["data_files"] {
  try {
    return staticReport(parseNotebook(text, basename(path)), { parser }).data_files;
  } catch {
    return [];
  }
}
