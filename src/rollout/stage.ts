/** One step of a rollout: how much the new version gets, and what must have been seen before the next. */
export interface Stage {
  /** Thousandths of the new requests. */
  weight: number;
  /** Shortest time at this weight, in milliseconds. */
  ms: number;
  /** Requests that the new version must have answered at this weight. */
  requests: number;
}

/** Copies of requests that the new version answers for nobody, before it gets any of its own. */
export interface Shadow {
  /** Thousandths of the requests that may be repeated. */
  share: number;
  ms: number;
  /** Pairs of answers that must have been compared. */
  requests: number;
}

/** What names a client that is to stay with one version. */
export interface Sticky {
  by: "header" | "cookie";
  name: string;
}

/** What an expectation asks for where nothing else is said. */
export const DEFAULT_SHADOW = "5m,200req";

/** What is done where nothing else is said. The last step, all requests, is the bake. */
export const DEFAULT_STAGES = ["10,1m,100req", "50,2m,200req"];

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 };

/** A duration such as `90s`, `5m`, `1h` in milliseconds, or null. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text);
  return match === null ? null : Math.round(Number(match[1]) * UNITS[match[2]!]!);
}

export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

/**
 * `5m,200req`, or with the percentage of requests that are copied before it: `50,5m,200req`.
 * @throws Error with one sentence
 */
export function parseShadow(text: string): Shadow {
  const [first] = text.split(",");
  const { weight: share, ...rest } = parseStage(/^\s*\d+(\.\d+)?\s*$/.test(first!) ? text : `100,${text}`);
  if (rest.requests === 0) throw new Error(`${JSON.stringify(text)} says no number of requests (write 5m,200req)`);
  return { share, ...rest };
}

/**
 * `header:X-User` or `cookie:session`.
 * @throws Error with one sentence
 */
export function parseSticky(text: string): Sticky {
  const match = /^(header|cookie):([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128})$/.exec(text);
  if (match === null) throw new Error(`${JSON.stringify(text)} names no header or cookie (write header:X-User)`);
  return { by: match[1] as Sticky["by"], name: match[2]! };
}

/**
 * `10,5m,200req`: percent, and in any order the shortest time and the least requests.
 * @throws Error with one sentence that names the stage
 */
export function parseStages(texts: readonly string[]): Stage[] {
  const stages = texts.map(parseStage);
  for (const [i, { weight }] of stages.entries()) {
    if (i > 0 && weight <= stages[i - 1]!.weight) {
      throw new Error(`stage ${JSON.stringify(texts[i])} does not give more than the one before it`);
    }
  }
  // The last step gives all requests anyway.
  return stages.filter(({ weight }) => weight < 1000);
}

function parseStage(text: string): Stage {
  const fail = (why: string): never => {
    throw new Error(`${JSON.stringify(text)} is not a stage: ${why} (write 10,5m,200req)`);
  };
  const [percent, ...rest] = text.split(",").map((part) => part.trim());
  const weight = Math.round(Number(percent) * 10);
  if (!/^\d+(\.\d)?$/.test(percent ?? "")) fail(`${JSON.stringify(percent)} is not a percentage`);
  if (weight <= 0 || weight > 1000) fail(`${percent} is not between 0.1 and 100`);
  const stage: Stage = { weight, ms: 0, requests: 0 };
  for (const part of rest) {
    const duration = parseDuration(part);
    const count = /^(\d+)req$/.exec(part)?.[1];
    if (duration !== null) stage.ms = duration;
    else if (count !== undefined) stage.requests = Number(count);
    else fail(`${JSON.stringify(part)} is neither a time nor a number of requests`);
  }
  return stage;
}

/** Shortest time that a plan can take, in milliseconds, at this rate of requests a second (0: not known). */
export function shortestTime(
  stages: readonly Stage[],
  bakeMs: number,
  rate: number,
  shadow: Shadow | null = null,
): number {
  const step = ({ weight, ms, requests }: Stage): number =>
    rate > 0 ? Math.max(ms, (requests / ((rate * weight) / 1000)) * 1000) : ms;
  const before = shadow === null ? 0 : step({ weight: shadow.share, ms: shadow.ms, requests: shadow.requests });
  return stages.reduce((sum, stage) => sum + step(stage), bakeMs + before);
}
