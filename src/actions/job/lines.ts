import type { IappEvent } from "../../core/events.js";
import { redact } from "../../core/redact.js";

/** An event as a line of a container's log, from which `eventOf` makes the event again elsewhere. */
export function lineOf({ code, level, text, data }: IappEvent, now: number, component = "training"): string {
  const cell = data?.cell;
  const line = {
    t: now / 1000,
    component,
    level: level === "progress" ? "info" : level,
    message: text,
    code,
    ...(typeof cell === "number" ? { cell } : {}),
    ...(level === "progress" ? { progress: data?.progress ?? {} } : {}),
  };
  return `${redact(JSON.stringify(line))}\n`;
}

/** The event in a line of a job's log, or null where it is none. */
export function eventOf(line: string): IappEvent | null {
  if (!line.startsWith("{")) return null;
  try {
    const raw = JSON.parse(line) as Record<string, unknown>;
    if (raw.component !== "training" || typeof raw.code !== "string" || typeof raw.message !== "string") return null;
    const level = raw.progress === undefined ? (raw.level as IappEvent["level"]) : "progress";
    const data = { ...(raw.cell === undefined ? {} : { cell: raw.cell }), progress: raw.progress };
    return { code: raw.code, level, text: raw.message, data: raw.progress === undefined ? {} : data };
  } catch {
    return null;
  }
}
