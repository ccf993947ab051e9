export type EventLevel = "debug" | "info" | "warn" | "error" | "progress";

/** What an action says while it works. `code` and `data` are stable; wording is free. */
export interface IappEvent {
  code: string;
  level: EventLevel;
  text: string;
  data?: Record<string, unknown>;
}

export type Emit = (event: IappEvent) => void;

/** What every action is given instead of globals: no action reads `process.*`, prints or prompts. */
export interface Context {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  /** Aborted on Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
