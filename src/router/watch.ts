import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";

/**
 * Calls `changed` with the text of a file now and whenever it is another one. Watches the folder, because an atomic write replaces
 * the file, and looks by itself every `pollMs`, because watches are lost on some file systems. Returns a function that ends it.
 */
export function watchFile(path: string, changed: (text: string) => void, pollMs = 1000): () => void {
  let last: string | undefined;
  let closed = false;
  let reading: Promise<void> | null = null;
  let again = false;

  const look = async (): Promise<void> => {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (closed || text === undefined || text === last) return;
    last = text;
    changed(text);
  };
  const trigger = (): void => {
    if (reading !== null) {
      again = true;
      return;
    }
    reading = look().finally(() => {
      reading = null;
      if (again && !closed) {
        again = false;
        trigger();
      }
    });
  };

  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) trigger();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // No watches left on this machine: the poll alone has to do.
  }
  const timer = setInterval(trigger, pollMs);
  trigger();
  return () => {
    closed = true;
    clearInterval(timer);
    watcher?.close();
  };
}
