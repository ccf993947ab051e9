import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerStatus, PodObject } from "./causes.js";
import type { KubeApi, Query } from "./client/api.js";
import { KubeError } from "./client/errors.js";
import { linesOf, watch } from "./watch.js";

/** One line that a container has printed. */
export interface PodLine {
  /** Seconds since the epoch, when the node got it. */
  t: number;
  text: string;
  pod: string;
  container: string;
  labels: Readonly<Record<string, string>>;
}

export interface PodLogOptions {
  selector: string;
  /** How many past lines of each container at most; undefined: all that the node has. */
  tail?: number;
  /** Seconds since the epoch. */
  since?: number;
  line: (line: PodLine) => void | Promise<void>;
  /** What people should know: lines that can no longer be had, a cluster that does not answer. */
  say: (text: string) => void;
}

/** After a rotation the kubelet may keep a stream open on which nothing ever comes (kubernetes#59902): open it anew. */
const SILENCE_MS = 20_000;
/** Past lines that are remembered to tell repeats; `sinceTime` counts in whole seconds. */
const OVERLAP_S = 3;

/** A container of a pod, over all its runs. */
interface Source {
  pod: string;
  container: string;
  labels: Readonly<Record<string, string>>;
}

/** Past lines of all containers that the selector finds, also of the run before a restart. */
export async function pastLogs(api: KubeApi, options: PodLogOptions): Promise<void> {
  const list = await api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, { labelSelector: options.selector });
  await Promise.all(
    list.items.flatMap((pod) =>
      statusesOf(pod).map(async (status) => {
        const source = { pod: pod.metadata.name, container: status.name, labels: pod.metadata.labels ?? {} };
        if (previousRun(status) !== null) await readOnce(api, source, options, { previous: true });
        if (hasStarted(status)) await readOnce(api, source, options);
      }),
    ),
  );
}

/**
 * Follows all containers that the selector finds until the signal aborts: new pods and restarted containers join by themselves. Every line
 * is given out once, in its container's order, over cut connections, silent streams, restarts of containers and of the API server.
 */
export async function followLogs(api: KubeApi, options: PodLogOptions, signal: AbortSignal): Promise<void> {
  const followed = new Map<string, Promise<void>>();
  const pods = new Map<string, PodObject>();
  let away = false;
  await watch<PodObject>(api, {
    kind: { apiVersion: "v1", kind: "Pod" },
    query: { labelSelector: options.selector },
    signal,
    changed: (objects) => {
      pods.clear();
      for (const [name, pod] of objects) pods.set(name, pod);
      for (const { metadata, ...pod } of objects.values()) {
        for (const { name } of statusesOf({ metadata, ...pod })) {
          const key = `${metadata.uid} ${name}`;
          if (followed.has(key)) continue;
          const source = { pod: metadata.name, container: name, labels: metadata.labels ?? {} };
          const look = (): Run | null => runOf(pods.get(metadata.name), metadata.uid, name);
          const follower = new Follower(api, source, options, look, signal);
          followed.set(
            key,
            follower.run().catch((error: Error) => {
              if (!signal.aborted) options.say(`${source.pod} ${name}: ${error.message}`);
            }),
          );
        }
      }
    },
    trouble: (error) => {
      if (error !== null && !away) options.say(`${error.message}; trying again`);
      away = error !== null;
    },
  });
  await Promise.all(followed.values());
}

/** What is known of a container now. */
interface Run {
  /** Identity of the newest run; a restart gives another one. */
  id: string;
  previous: string | null;
  /** Its pod has ended for good. */
  final: boolean;
}

class Follower {
  readonly #api: KubeApi;
  readonly #source: Source;
  readonly #options: PodLogOptions;
  readonly #look: () => Run | null;
  readonly #signal: AbortSignal;
  /** Lines of the last seconds: what comes again after a new connection is known by them. */
  #recent: { t: number; key: string }[] = [];
  #last: number | null = null;
  #seen: string | null = null;

  constructor(api: KubeApi, source: Source, options: PodLogOptions, look: () => Run | null, signal: AbortSignal) {
    this.#api = api;
    this.#source = source;
    this.#options = options;
    this.#look = look;
    this.#signal = signal;
  }

  /** Ends with the pod. */
  async run(): Promise<void> {
    for (let pause = 100; !this.#signal.aborted; ) {
      // Looked at before the stream is opened: what was printed until then is in it.
      const now = this.#look();
      let news = false;
      if (now !== null && now.id !== "") {
        try {
          if (now.id !== this.#seen) await this.#catchUp(now);
          this.#seen = now.id;
          news = await this.#stream({ follow: true });
        } catch (error) {
          if (this.#signal.aborted) return;
          // A container that has just been made has no log yet (400); one of a node that is away may have one again.
          if (error instanceof KubeError && error.status === 404) return;
        }
      }
      if (now === null || (now.final && !news)) return;
      pause = news ? 100 : Math.min(2000, pause * 2);
      await sleep(pause, undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }

  /** Reads what the run before had still to say. Only one run before the present one can be had. */
  async #catchUp(now: Run): Promise<void> {
    if (now.previous === null) return;
    if (this.#seen !== null && now.previous !== this.#seen) {
      const { pod, container } = this.#source;
      this.#options.say(`${pod} ${container} has restarted several times; lines between are lost`);
    }
    await this.#stream({ previous: true }).catch((error: unknown) => {
      if (!(error instanceof KubeError)) throw error;
    });
  }

  /** One connection. True when it has brought a line that was not known. */
  async #stream(which: Query): Promise<boolean> {
    const { since, tail } = this.#options;
    const from = this.#last === null ? since : this.#last - 1;
    const query: Query = {
      ...which,
      ...(from === undefined ? {} : { sinceTime: wholeSecond(from) }),
      ...(this.#last === null && tail !== undefined ? { tailLines: tail } : {}),
    };
    const known = new Map<string, number>();
    for (const { key } of this.#recent) known.set(key, (known.get(key) ?? 0) + 1);
    let news = false;
    const answer = await open(this.#api, this.#source, query, this.#signal);
    try {
      for await (const { t, text, stamp } of parsed(answer)) {
        const key = `${stamp} ${createHash("sha1").update(text).digest("base64")}`;
        const again = known.get(key) ?? 0;
        if (again > 0) {
          known.set(key, again - 1);
          continue;
        }
        news = true;
        this.#remember(t, key);
        await this.#options.line({ t, text, ...this.#source });
      }
    } catch (error) {
      if (!news) throw error;
    } finally {
      answer.destroy();
    }
    return news;
  }

  #remember(t: number, key: string): void {
    this.#last = Math.max(this.#last ?? t, t);
    this.#recent.push({ t, key });
    const oldest = this.#last - OVERLAP_S;
    if (this.#recent.length % 4096 === 0 || this.#recent[0]!.t < oldest - 60) {
      this.#recent = this.#recent.filter((one) => one.t >= oldest);
    }
  }
}

async function readOnce(api: KubeApi, source: Source, options: PodLogOptions, more: Query = {}): Promise<void> {
  const { since, tail } = options;
  const query: Query = {
    ...(tail === undefined ? {} : { tailLines: tail }),
    ...(since === undefined ? {} : { sinceTime: wholeSecond(since) }),
    ...more,
  };
  try {
    for await (const { t, text } of parsed(await open(api, source, query, api.signal))) {
      await options.line({ t, text, ...source });
    }
  } catch (error) {
    // Its node has thrown the log away, or the container has not printed anything yet.
    if (!(error instanceof KubeError) || ![400, 404].includes(error.status)) throw error;
  }
}

function open(api: KubeApi, source: Source, query: Query, signal: AbortSignal): Promise<IncomingMessage> {
  const path = `${api.path({ apiVersion: "v1", kind: "Pod", name: source.pod })}/log`;
  return api.stream(path, { container: source.container, timestamps: true, ...query }, SILENCE_MS, signal);
}

/** `2026-03-01T12:00:00.123456789Z text`. */
async function* parsed(answer: IncomingMessage): AsyncGenerator<{ t: number; text: string; stamp: string }> {
  for await (const line of linesOf(answer)) {
    const space = line.indexOf(" ");
    const stamp = space < 0 ? line : line.slice(0, space);
    const t = Date.parse(stamp) / 1000;
    if (Number.isNaN(t)) continue;
    yield { t, stamp, text: space < 0 ? "" : line.slice(space + 1).replace(/\r$/, "") };
  }
}

function runOf(pod: PodObject | undefined, uid: string | undefined, container: string): Run | null {
  if (pod === undefined || pod.metadata.uid !== uid) return null;
  const status = statusesOf(pod).find(({ name }) => name === container);
  if (status === undefined) return null;
  return {
    id: hasStarted(status) ? (status.containerID ?? "") : (previousRun(status) ?? ""),
    previous: hasStarted(status) ? previousRun(status) : null,
    final: pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed",
  };
}

const statusesOf = ({ status }: PodObject): ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const hasStarted = ({ containerID, state }: ContainerStatus): boolean =>
  containerID !== undefined && containerID !== "" && (state?.running !== undefined || state?.terminated !== undefined);

const previousRun = ({ lastState }: ContainerStatus): string | null => lastState?.terminated?.containerID ?? null;

/** `sinceTime` knows whole seconds only. */
const wholeSecond = (t: number): string => new Date(Math.floor(t) * 1000).toISOString().replace(".000Z", "Z");

/** The last lines of a container, for an error. Empty when there are none to be had. */
export async function lastLines(api: KubeApi, pod: string, container: string, previous: boolean): Promise<string[]> {
  const path = `${api.path({ apiVersion: "v1", kind: "Pod", name: pod })}/log`;
  const text = await api
    .text({ method: "GET", path, query: { container, previous, tailLines: 20 }, patienceMs: 0 })
    .catch(() => "");
  return text.split(/\r?\n/).filter((line) => line !== "");
}
