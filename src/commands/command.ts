import type { Host } from "../core/host.js";

/** `<notebook>` required, `[dir]` optional, `[files...]` several: commander's notation. */
export interface ArgumentSpec {
  name: string;
  summary: string;
}

/** Flags in commander's notation: `-p, --param <name=value>`. `collect` gathers repeats into an array. */
export interface OptionSpec {
  flags: string;
  summary: string;
  default?: string | boolean | number;
  choices?: string[];
  collect?: boolean;
}

export interface CommandInput {
  args: (string | undefined)[];
  /** Values of a variadic last argument. */
  rest: string[];
  options: Record<string, unknown>;
}

/** What a command file exports by default. `run` parses its input, calls one action and returns an exit code (0 when void). */
export interface Command {
  summary: string;
  description?: string;
  arguments?: ArgumentSpec[];
  options?: OptionSpec[];
  examples: string[];
  subcommands?: Record<string, Command>;
  run?: (input: CommandInput, host: Host) => Promise<number | undefined>;
}

export function defineCommand(command: Command): Command {
  return command;
}
