import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../core/events.js";
import { appPaths } from "../../local/paths.js";
import { type AppState, readState } from "../../local/state.js";
import { accepts, type LogFilter } from "../../observe/filter.js";
import { LogSource } from "../../observe/log-file.js";
import { Merger } from "../../observe/merge.js";
import type { LogRecord, SourceLabels } from "../../observe/record.js";
import { type App, adopt, resolveApp } from "../apps/index.js";

export interface LogsInput {
  name: string | undefined;
  filter: LogFilter;
  /** How many lines of the past are shown at most. */
  tail: number;
  follow: boolean;
  /** Seconds that a line waits for an earlier one from another component. */
  window: number;
}

const POLL_MS = 200;

/**
 * Gives the lines of every component of an app in the order of their times: the past ones, then, if wanted, what comes, until the
 * signal aborts.
 */
export async function logs(
  ctx: Context,
  input: LogsInput,
  write: (records: LogRecord[]) => Promise<void>,
): Promise<void> {
  const app = await resolveApp(ctx, input.name);
  adopt(ctx, app);
  const accept = accepts(input.filter);
  const sources = new Map<string, LogSource>();
  await joinSources(app, app.state, sources);
  try {
    const past = await Promise.all([...sources.values()].map((source) => source.recent(input.tail, accept)));
    const merged = past.flat().sort((a, b) => a.t - b.t);
    await write(merged.slice(Math.max(0, merged.length - input.tail)));
    if (merged.length === 0 && !input.follow) {
      ctx.emit({ code: "logs.none", level: "info", text: "no log lines match" });
    }
    if (input.follow) await follow(ctx, app, sources, input, write);
  } finally {
    for (const source of sources.values()) await source.close();
  }
}

async function follow(
  ctx: Context,
  app: App,
  sources: Map<string, LogSource>,
  input: LogsInput,
  write: (records: LogRecord[]) => Promise<void>,
): Promise<void> {
  const accept = accepts(input.filter);
  const merger = new Merger(input.window);
  let gaps = 0;
  while (!ctx.signal.aborted) {
    const state = await readState(app.handle.dir).catch(() => app.state);
    if (state === null) {
      await write(merger.flush());
      ctx.emit({ code: "logs.gone", level: "warn", text: `${app.name} was deleted` });
      return;
    }
    await joinSources(app, state, sources);
    for (const source of sources.values()) merger.push((await source.poll()).filter(accept));
    const missed = [...sources.values()].reduce((sum, source) => sum + source.gaps, 0);
    if (missed > gaps) {
      gaps = missed;
      ctx.emit({
        code: "logs.gap",
        level: "warn",
        text: "lines came faster than they could be read; some are missing here",
      });
    }
    await write(merger.take(ctx.now() / 1000));
    await sleep(POLL_MS, undefined, { signal: ctx.signal }).catch(() => undefined);
  }
  await write(merger.flush());
}

/** Adds the logs that are there by now: new processes and new training runs join by themselves. */
async function joinSources(app: App, state: AppState, sources: Map<string, LogSource>): Promise<void> {
  const { logs: folder } = appPaths(app.handle.dir);
  const add = (path: string, labels: SourceLabels): void => {
    if (!sources.has(path)) sources.set(path, new LogSource(path, labels));
  };
  for (const name of await readdir(folder).catch(() => [])) {
    const unit = /^(.+)\.ndjson(?:\.\d+)?$/.exec(name)?.[1];
    if (unit === undefined) continue;
    add(join(folder, `${unit}.ndjson`), { component: basename(unit).split("-")[0]! });
  }
  for (const { name, color, run } of state.versions) {
    if (run !== null) add(join(run, "logs.ndjson"), { component: "training", version: name, color });
  }
}
