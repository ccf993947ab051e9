import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { OperationError } from "../core/errors.js";
import type { KubeApi, Query } from "./client/api.js";
import { isGone, KubeError, type Status } from "./client/errors.js";
import type { KubeList, KubeObject, Reference } from "./client/resources.js";

/** The server itself ends a watch after this; then the next one begins where it ended. */
const SERVER_SECONDS = 240;
/** Bookmarks come about once a minute, so longer silence is a dead connection. */
const SILENCE_MS = 90_000;
/** Beside the watch the list is read anew this often: whatever a watch has missed is found then. */
const RELIST_MS = 300_000;

export interface WatchOptions<T extends KubeObject> {
  kind: Omit<Reference, "name">;
  query?: Query;
  /** All objects there are, by name; called after the first list and after every change. */
  changed: (objects: ReadonlyMap<string, T>) => void;
  /** The watch has lost the server, or has it again (null). */
  trouble?: (error: Error | null) => void;
  signal: AbortSignal;
  silenceMs?: number;
}

/**
 * Follows all objects of a kind until the signal aborts. Survives cut connections, silence, an expired history (410) and a server that is
 * away: it goes on from the last change that it has seen, or lists anew, and never ends by itself. Rejects when the list is refused for
 * good (401, 403, 404) before it was read once.
 */
export async function watch<T extends KubeObject>(api: KubeApi, options: WatchOptions<T>): Promise<void> {
  const { kind, query = {}, signal } = options;
  const objects = new Map<string, T>();
  const seen: { version: string | null } = { version: null };
  let listed = 0;
  let read = false;
  for (let pause = 100; !signal.aborted; ) {
    try {
      if (seen.version === null || Date.now() - listed > RELIST_MS) {
        const list: KubeList<T> = await api.list<T>(kind, query);
        seen.version = list.metadata.resourceVersion;
        listed = Date.now();
        objects.clear();
        for (const item of list.items) objects.set(item.metadata.name, item);
        read = true;
        options.changed(objects);
      }
      await follow(api, options, objects, seen);
      pause = 100;
    } catch (error) {
      if (signal.aborted) return;
      if (isGone(error)) {
        seen.version = null;
        continue;
      }
      if (!read && !(error instanceof OperationError && error.retryable)) throw error;
      options.trouble?.(error as Error);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(5000, pause * 2);
    }
  }
}

/** One watch, from what was `seen` on, until the server ends it or the connection breaks; `seen` goes along. */
async function follow<T extends KubeObject>(
  api: KubeApi,
  { kind, query = {}, changed, trouble, signal, silenceMs = SILENCE_MS }: WatchOptions<T>,
  objects: Map<string, T>,
  seen: { version: string | null },
): Promise<void> {
  const asked = {
    ...query,
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: seen.version ?? undefined,
    timeoutSeconds: SERVER_SECONDS,
  };
  const answer = await api.stream(api.path(kind), asked, silenceMs, signal);
  trouble?.(null);
  for await (const line of linesOf(answer)) {
    const { type, object } = JSON.parse(line) as { type: string; object: T & Status & { code?: number } };
    if (type === "ERROR") throw new KubeError("watch", object.code ?? 500, object);
    seen.version = object.metadata.resourceVersion ?? seen.version;
    if (type === "BOOKMARK") continue;
    if (type === "DELETED") objects.delete(object.metadata.name);
    else objects.set(object.metadata.name, object);
    changed(objects);
  }
}

/** Lines of a stream, of any length; a last line without an end is not given out, because it may be half of one. */
export async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      rest.push(chunk.subarray(from, at));
      yield Buffer.concat(rest).toString("utf8");
      rest = [];
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
}
