export type Level = "debug" | "info" | "warn" | "error";
const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** One line of any component's log, in one form. */
export interface LogRecord {
  /** Seconds since the epoch. */
  t: number;
  component: string;
  version: string | null;
  color: string | null;
  /** The process that wrote it. */
  instance: string | null;
  level: Level;
  message: string;
  /** `stdout` or `stderr`, where the line was printed and not logged. */
  stream: string | null;
  /** The notebook's cell, for training. */
  cell: number | null;
  request: string | null;
  /** What else a structured line says. */
  fields: Record<string, unknown>;
}

/** What is known of a whole file, for lines that do not say it. */
export interface SourceLabels {
  component: string;
  version?: string;
  color?: string;
  instance?: string;
}

const KNOWN = new Set(["t", "component", "version", "color", "instance", "level", "message", "stream", "cell", "line"]);

/**
 * Reads one line of a log file: ours (`message`), a program's line that its keeper wrapped (`line`, itself perhaps JSON), or plain
 * text. Never fails: what is not JSON is a message. `before` is the time of the previous line, for lines without one.
 */
export function parseRecord(text: string, labels: SourceLabels, before: number): LogRecord {
  const outer = asObject(text);
  if (outer === null) return make(labels, {}, text, before);
  if (typeof outer.line !== "string") {
    return make(labels, outer, typeof outer.message === "string" ? outer.message : text, before);
  }
  const inner = asObject(outer.line);
  if (inner === null || typeof (inner.message ?? inner.code) !== "string")
    return make(labels, outer, outer.line, before);
  const { line: _line, ...wrap } = outer;
  // The keeper knows which process it was; the program knows the rest better.
  const { component: _component, ...said } = inner;
  return make(labels, { ...said, ...wrap, t: said.t ?? wrap.t }, String(inner.message ?? inner.code), before);
}

function make(labels: SourceLabels, raw: Record<string, unknown>, message: string, before: number): LogRecord {
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  const fields = Object.fromEntries(
    Object.entries(raw).filter(([name, value]) => !KNOWN.has(name) && name !== "request" && value !== null),
  );
  return {
    t: typeof raw.t === "number" && Number.isFinite(raw.t) ? raw.t : before,
    component: text(raw.component) ?? labels.component,
    version: text(raw.version) ?? labels.version ?? null,
    color: text(raw.color) ?? labels.color ?? null,
    instance: text(raw.instance) ?? labels.instance ?? null,
    level: levelOf(raw.level, message),
    message,
    stream: text(raw.stream),
    cell: typeof raw.cell === "number" ? raw.cell : null,
    request: text(raw.request) ?? text(raw.id),
    fields,
  };
}

function levelOf(said: unknown, message: string): Level {
  if (typeof said === "string") {
    const word = said.toLowerCase();
    if (word.startsWith("warn")) return "warn";
    if (word === "critical" || word === "fatal" || word === "exception") return "error";
    if ((LEVELS as readonly string[]).includes(word)) return word as Level;
  }
  if (/\b(ERROR|CRITICAL|FATAL)\b|^Traceback \(most recent call last\)/.test(message)) return "error";
  return /\bWARN(ING)?\b|^\S*Warning:/.test(message) ? "warn" : "info";
}

function asObject(text: string): Record<string, unknown> | null {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

export const atLeast = (level: Level, least: Level): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(least);
