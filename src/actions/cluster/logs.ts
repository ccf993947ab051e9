import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../core/events.js";
import type { KubeApi } from "../../kube/client/api.js";
import { followLogs, type PodLine, type PodLogOptions, pastLogs } from "../../kube/logs.js";
import { LABEL, selectorText } from "../../kube/manifests/index.js";
import { accepts } from "../../observe/filter.js";
import { Merger } from "../../observe/merge.js";
import { type LogRecord, parseRecord } from "../../observe/record.js";
import type { Target } from "../../project/targets.js";
import type { LogsInput } from "../logs/index.js";
import { onTarget, resolveSeenApp } from "./access.js";

const TAKE_MS = 200;

/** The same stream as on this machine: every pod of the app, in the order of their times, the past first, then what comes. */
export function clusterLogs(
  ctx: Context,
  target: Target,
  input: LogsInput,
  write: (records: LogRecord[]) => Promise<void>,
): Promise<void> {
  return onTarget(ctx, target, async (api) => {
    const app = await resolveSeenApp(api, target, input.name);
    const accept = accepts(input.filter);
    const records: LogRecord[] = [];
    const options = (line: PodLogOptions["line"]): PodLogOptions => ({
      selector: selectorText({ [LABEL.app]: app.name }),
      ...(input.filter.since === undefined ? {} : { since: input.filter.since }),
      // A filter may leave much out; without one no container has to give more than is shown of all.
      ...(Number.isFinite(input.tail) && !isFiltered(input) ? { tail: input.tail } : {}),
      line,
      say: (text) => ctx.emit({ code: "logs.gap", level: "warn", text }),
    });
    if (input.follow) return follow(ctx, api, options, input, write);
    await pastLogs(
      api,
      options((line) => {
        const record = recordOf(line);
        if (accept(record)) records.push(record);
      }),
    );
    records.sort((a, b) => a.t - b.t);
    await write(records.slice(Math.max(0, records.length - input.tail)));
    if (records.length === 0) ctx.emit({ code: "logs.none", level: "info", text: "no log lines match" });
  });
}

const isFiltered = ({ filter }: LogsInput): boolean =>
  filter.level !== undefined || filter.grep !== undefined || filter.request !== undefined;

/** Lines wait for earlier ones of other pods; while they are written out nothing more is read. */
async function follow(
  ctx: Context,
  api: KubeApi,
  options: (line: PodLogOptions["line"]) => PodLogOptions,
  input: LogsInput,
  write: (records: LogRecord[]) => Promise<void>,
): Promise<void> {
  const accept = accepts(input.filter);
  const merger = new Merger(input.window);
  let writing: Promise<void> = Promise.resolve();
  const following = followLogs(
    api,
    options((line) => {
      const record = recordOf(line);
      if (accept(record)) merger.push([record]);
      return writing;
    }),
    ctx.signal,
  );
  const out = (taken: LogRecord[]): Promise<void> => {
    writing = writing.then(() => write(taken));
    return writing;
  };
  // The past is many lines at once: they wait once, together, and only the newest are shown.
  await sleep(Math.max(1000, input.window * 1000), undefined, { signal: ctx.signal }).catch(() => undefined);
  const past = merger.take(ctx.now() / 1000);
  await out(past.slice(Math.max(0, past.length - input.tail)));
  while (!ctx.signal.aborted) {
    await sleep(TAKE_MS, undefined, { signal: ctx.signal }).catch(() => undefined);
    await out(merger.take(ctx.now() / 1000));
  }
  await following.catch(() => undefined);
  await out(merger.flush());
}

function recordOf({ t, text, pod, labels }: PodLine): LogRecord {
  const [version, color] = [labels[LABEL.version], labels[LABEL.color]];
  const source = {
    component: labels[LABEL.component] ?? "scoring",
    ...(version === undefined ? {} : { version }),
    ...(color === undefined ? {} : { color }),
    instance: pod,
  };
  return parseRecord(text, source, t);
}
