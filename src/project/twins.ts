import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { exists } from "../core/fs.js";
import { foreignPath, type StaticReport } from "../notebook/index.js";
import { filesBelow } from "./files.js";

type DataFile = StaticReport["data_files"][number];

/** A file of the project that stands in for one that a notebook reads somewhere else. */
export interface Twin {
  /** As the notebook names it: a path of another machine, or an address. */
  path: string;
  kind: "file" | "url";
  /** Files of the project with its name, absolute: one, or several of different content, between which nothing decides. */
  files: string[];
}

/**
 * For files that a notebook reads by a path of another machine, or from an address, the files of the project that have the same name and
 * share the longest end of the path with it. Nothing for paths that are there.
 */
export async function twinsOf(root: string, folder: string, files: readonly DataFile[]): Promise<Twin[]> {
  const found = new Map<string, Twin>();
  let all: string[] | null = null;
  for (const { path, kind, access } of files) {
    if (path === null || access !== "read" || kind === "pattern" || found.has(path)) continue;
    if (kind === "file" && (foreignPath(path) === null || (await exists(resolve(folder, path))))) continue;
    all ??= await filesBelow(root);
    const same = await different(nearestFirst(withLongestEnd(all, path, kind), folder));
    if (same.length > 0) found.set(path, { path, kind, files: same });
  }
  return [...found.values()];
}

/** The parts of a path or address that can be compared: without drive, host and query. */
function partsOf(path: string, kind: Twin["kind"]): string[] {
  const plain = kind === "url" ? path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "").replace(/[?#].*$/, "") : path;
  return plain
    .split(/[\\/]/)
    .filter((part) => part !== "" && part !== "." && part !== ".." && !/^[A-Za-z]:$/.test(part));
}

function withLongestEnd(all: readonly string[], path: string, kind: Twin["kind"]): string[] {
  const wanted = partsOf(path, kind).map(decoded).reverse();
  // Windows does not tell cases apart.
  const windows = kind === "file" && /^[A-Za-z]:|\\/.test(path);
  const fold = (part: string | undefined): string | undefined => (windows ? part?.toLowerCase() : part);
  let [longest, best]: [number, string[]] = [1, []];
  for (const file of all) {
    const parts = file.split(/[\\/]/).reverse();
    const end = wanted.findIndex((part, i) => fold(parts[i]) !== fold(part));
    const length = end < 0 ? wanted.length : end;
    if (length < longest) continue;
    if (length > longest) [longest, best] = [length, []];
    best.push(file);
  }
  return wanted.length === 0 ? [] : best;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Fewest steps from the notebook first, then by name. */
function nearestFirst(files: readonly string[], folder: string): string[] {
  const steps = (file: string): number => relative(folder, file).split(/[\\/]/).length;
  return [...files].sort((a, b) => steps(a) - steps(b) || (a < b ? -1 : 1));
}

/** Copies of one file are one. */
async function different(files: readonly string[]): Promise<string[]> {
  if (files.length < 2) return [...files];
  const kept = new Map<string, string>();
  for (const file of files) {
    const { size } = await stat(file);
    // Only files of one length can be copies: others are not read.
    const twins = (await Promise.all(files.map((one) => stat(one)))).filter((one) => one.size === size).length;
    const key = twins < 2 ? `${size}` : `${size} ${await contentOf(file)}`;
    if (!kept.has(key)) kept.set(key, file);
  }
  return [...kept.values()];
}

async function contentOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
