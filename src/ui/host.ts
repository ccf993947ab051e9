import { UserError } from "../core/errors.js";
import type { IappEvent } from "../core/events.js";
import type { Choice, Host } from "../core/host.js";
import { redact } from "../core/redact.js";
import { lineProgress, type ProgressView, terminalProgress } from "./progress.js";
import { styleFor } from "./style.js";

export interface HostOptions {
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  json: boolean;
  yes: boolean;
  quiet: boolean;
  verbose: boolean;
}

/** The host of a real terminal or pipe. People's text goes to stderr, results and streams to stdout. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { env, json } = options;
  const terminal = process.stderr.isTTY === true && !json && (env.CI ?? "") === "";
  const style = await styleFor(process.stderr, env);
  const outStyle = await styleFor(process.stdout, env);
  const line = (text: string): void => {
    process.stderr.write(`${redact(text)}\n`);
  };
  const view: ProgressView = terminal ? await terminalProgress(process.stderr) : lineProgress(line);
  const marks = {
    info: "",
    debug: style.dim("· "),
    warn: `${style.yellow("warning")} `,
    error: `${style.red("error")} `,
  };

  const emit = (event: IappEvent): void => {
    if (json) {
      if (options.verbose) line(JSON.stringify(event));
      return;
    }
    if (options.quiet && event.level !== "warn" && event.level !== "error") return;
    if (event.level === "debug" && !options.verbose) return;
    if (event.level === "progress") {
      view.show(event);
      return;
    }
    view.clear();
    line(`${marks[event.level]}${event.text}`);
  };

  const interactive = terminal && process.stdin.isTTY === true;
  const ask = async <T>(flag: string, question: string, prompt: () => Promise<T>): Promise<T> => {
    if (!interactive) {
      throw new UserError("IAPP_CLI_NEEDS_ANSWER", `this needs an answer and nobody can be asked: ${question}`, {
        remedy: `Give ${flag}.`,
      });
    }
    view.clear();
    try {
      return await prompt();
    } catch (error) {
      if ((error as Error).name === "ExitPromptError" || (error as Error).name === "AbortPromptError") {
        const { Interrupted } = await import("../core/errors.js");
        throw new Interrupted();
      }
      throw error;
    }
  };

  return {
    cwd: options.cwd,
    env,
    signal: options.signal,
    now: () => Date.now(),
    emit,
    interactive,
    json,
    yes: options.yes,
    style: outStyle,
    columns: process.stdout.columns ?? (Number(env.COLUMNS) || 80),
    async write(chunk, to = "stdout") {
      if (process[to].write(chunk)) return;
      await new Promise<void>((resolve) => process[to].once("drain", resolve));
    },
    result(document, text) {
      view.stop();
      process.stdout.write(
        json ? `${JSON.stringify(document, null, 2)}\n` : withNewline(typeof text === "string" ? text : text()),
      );
    },
    stdin() {
      return process.stdin.isTTY ? null : process.stdin;
    },
    async confirm(question, { flag, fallback = false }) {
      if (options.yes) return true;
      return ask(flag, question, async () => {
        const { confirm } = await import("@inquirer/prompts");
        return confirm({ message: question, default: fallback }, { signal: options.signal, output: process.stderr });
      });
    },
    async select<T>(question: string, choices: Choice<T>[], { flag }: { flag: string }) {
      return ask(flag, question, async () => {
        const { select } = await import("@inquirer/prompts");
        return select<T>({ message: question, choices }, { signal: options.signal, output: process.stderr });
      });
    },
    async input(question, { flag, fallback }) {
      if (options.yes && fallback !== undefined) return fallback;
      return ask(flag, question, async () => {
        const { input } = await import("@inquirer/prompts");
        return input(
          { message: question, ...(fallback === undefined ? {} : { default: fallback }) },
          { signal: options.signal, output: process.stderr },
        );
      });
    },
  };
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
