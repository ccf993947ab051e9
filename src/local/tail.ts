import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const WINDOW = 65_536;

/** The last lines of a log of ours as people read them; also those of the file put aside when the newest holds too few. */
export function lastLines(path: string, count: number): string[] {
  const newest = textLines(path);
  const lines = newest.length < count ? [...textLines(`${path}.1`), ...newest] : newest;
  return lines.slice(-count);
}

function textLines(path: string): string[] {
  return tailOf(path).map((line) => {
    try {
      const record = JSON.parse(line) as { line?: string; message?: string };
      return record.line === undefined ? (record.message ?? line) : inner(record.line);
    } catch {
      return line;
    }
  });
}

/** The service logs JSON itself: its message says it all. */
function inner(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const record = JSON.parse(line) as { message?: unknown };
    return typeof record.message === "string" ? record.message : line;
  } catch {
    return line;
  }
}

function tailOf(path: string): string[] {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - WINDOW);
    const buffer = Buffer.alloc(size - from);
    readSync(fd, buffer, 0, buffer.length, from);
    const lines = buffer.toString("utf8").split("\n");
    // The window may begin in the middle of a line.
    if (from > 0) lines.shift();
    return lines.filter((line) => line !== "");
  } finally {
    closeSync(fd);
  }
}
