import { atLeast, type Level, type LogRecord } from "./record.js";

export interface LogFilter {
  components?: string[];
  versions?: string[];
  level?: Level;
  grep?: RegExp;
  /** Seconds since the epoch. */
  since?: number;
  request?: string;
}

export function accepts(filter: LogFilter): (record: LogRecord) => boolean {
  const { components, versions, level, grep, since, request } = filter;
  return (record) =>
    (components === undefined || components.length === 0 || components.includes(record.component)) &&
    (versions === undefined ||
      versions.length === 0 ||
      (record.version !== null && versions.includes(record.version))) &&
    (level === undefined || atLeast(record.level, level)) &&
    (since === undefined || record.t >= since) &&
    (request === undefined || record.request === request || record.fields.request_id === request) &&
    (grep === undefined || grep.test(record.message));
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `10m`, `2h`, `1d`, `90s` ago, or a point in time (`2026-03-01T12:00`), as seconds since the epoch; null when it is neither. */
export function parseSince(text: string, now: number): number | null {
  const ago = /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(text.trim());
  if (ago !== null) return now - Number(ago[1]) * UNITS[ago[2]!]!;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at / 1000;
}
