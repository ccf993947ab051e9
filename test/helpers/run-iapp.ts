import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { run } from "../../src/cli.js";
import { UserError } from "../../src/core/errors.js";
import type { IappEvent } from "../../src/core/events.js";
import type { Host } from "../../src/core/host.js";
import { plainStyle } from "../../src/ui/style.js";

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
  events: IappEvent[];
  /** The parsed document of `--json`. */
  json: () => unknown;
}

export interface RunOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
  signal?: AbortSignal;
  stdin?: string;
  /** Answers to questions, by flag. A question without an answer fails as it does without a terminal. */
  answers?: Record<string, unknown>;
}

/** Runs a command line in this process, as `bin/iapp.js` would, with what it prints and emits collected. */
export async function runIapp(argv: string[], options: RunOptions): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const events: IappEvent[] = [];
  const decoder = new TextDecoder();
  const answers = options.answers;
  const signal = options.signal ?? new AbortController().signal;
  const code = await run(argv, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    signal,
    columns: 100,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    createHost: async (host): Promise<Host> => {
      const answer = async <T>(question: string, flag: string, fallback?: T): Promise<T> => {
        if (answers !== undefined && flag in answers) return answers[flag] as T;
        if (host.yes && fallback !== undefined) return fallback;
        throw new UserError("IAPP_CLI_NEEDS_ANSWER", `this needs an answer and nobody can be asked: ${question}`, {
          remedy: `Give ${flag}.`,
        });
      };
      return {
        ...host,
        now: () => Date.now(),
        emit: (event) => {
          events.push(event);
          if (event.level === "warn" || event.level === "error") err.push(`${event.text}\n`);
        },
        interactive: answers !== undefined,
        style: plainStyle,
        columns: 100,
        write: async (chunk) => void out.push(typeof chunk === "string" ? chunk : decoder.decode(chunk)),
        result: (document, text) => {
          out.push(host.json ? JSON.stringify(document) : typeof text === "string" ? text : text());
        },
        stdin: () => (options.stdin === undefined ? null : streamOf(options.stdin)),
        confirm: (question, { flag }) => (host.yes ? Promise.resolve(true) : answer<boolean>(question, flag)),
        select: (question, _choices, { flag }) => answer(question, flag),
        input: (question, { flag, fallback }) => answer<string>(question, flag, fallback),
      };
    },
  });
  const stdout = out.join("");
  return { code, stdout, stderr: err.join(""), events, json: () => JSON.parse(stdout) };
}

async function* streamOf(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}

/** A folder of its own for one test, gone when the test has finished. */
export async function temporaryFolder(prefix = "iapp-test-"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
