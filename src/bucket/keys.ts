import { posix } from "node:path";
import { UserError } from "../core/errors.js";

export interface ObjectEntry {
  key: string;
  size: number;
}

/** An object with the place of its file, relative to the folder that it is copied to. */
export interface Wanted extends ObjectEntry {
  path: string;
}

/** Longest name of a file on any file system of a node. */
const LONGEST_NAME = 255;

/**
 * Which files the objects below a prefix are. Markers of folders, which consoles make, are none.
 * @param start what the keys begin with that does not belong to the path
 * @throws UserError where a key cannot be a file of that folder
 */
export function filesOf(objects: readonly ObjectEntry[], start: string, where: string): Wanted[] {
  const files = objects
    .filter(({ key, size }) => size > 0 || !key.endsWith("/"))
    .map(({ key, size }) => ({ key, size, path: key.slice(start.length) }));
  const paths = new Set(files.map(({ path }) => path));
  for (const { key, path } of files) {
    const why = wrongIn(path) ?? (foldersOf(path).some((folder) => paths.has(folder)) ? BOTH : null);
    if (why === null) continue;
    throw new UserError("IAPP_DATA_KEY", `the object ${JSON.stringify(key)} of ${where} cannot be a file: ${why}`, {
      remedy: "Rename or remove the object, or name a prefix without it.",
    });
  }
  return files;
}

const BOTH = "a part of its path is an object itself";

function wrongIn(path: string): string | null {
  if (path.startsWith("/")) return "its path begins with a slash";
  if (path.includes("\\")) return "there is a backslash in it";
  if (/[\x00-\x1f\x7f]/.test(path)) return "there is a control character in it";
  for (const part of path.split("/")) {
    if (part === "") return "a part of its path is empty";
    if (part === "." || part === "..") return `its path leads elsewhere with "${part}"`;
    if (Buffer.byteLength(part) > LONGEST_NAME) return "a part of its path is too long";
  }
  return null;
}

function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) folders.push(folder);
  return folders;
}
