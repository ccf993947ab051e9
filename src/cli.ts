import { setMaxListeners } from "node:events";
import { resolve } from "node:path";
import { Command as Commander, CommanderError, Option } from "commander";
import type { Command, CommandInput } from "./commands/command.js";
import { COMMANDS, type CommandEntry, GROUPS } from "./commands/index.js";
import { ExitCode, IappError, Interrupted, UserError } from "./core/errors.js";
import type { Host } from "./core/host.js";
import type { HostOptions } from "./ui/host.js";

declare const IAPP_VERSION: string;
/** Set by the bundler; `dev` when run from source. */
export const version: string = typeof IAPP_VERSION === "string" ? IAPP_VERSION : "dev";

/** What the command line needs of the outside: the process's own in `main`, a test's in `test/helpers`. */
export interface Surroundings {
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  createHost: (options: HostOptions) => Promise<Host>;
  /** Help and usage errors. */
  out: (text: string) => void;
  err: (text: string) => void;
  columns: number;
}

interface GlobalOptions {
  json?: boolean;
  yes?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  directory?: string;
}

/** Runs one command line and resolves with its exit code. Never rejects, never exits the process. */
export async function run(argv: readonly string[], around: Surroundings): Promise<number> {
  let outcome: number = ExitCode.done;
  try {
    const program = await buildProgram(argv, around, (code) => {
      outcome = code;
    });
    await program.parseAsync(argv as string[], { from: "user" });
    return outcome;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    return showError(error, around, argv.includes("--json"));
  }
}

async function buildProgram(
  argv: readonly string[],
  around: Surroundings,
  done: (code: number) => void,
): Promise<Commander> {
  const program = new Commander("iapp");
  program
    .description("From an unedited notebook to a proved, running, monitored service.")
    .option("-C, --directory <dir>", "work in this folder instead of the current one")
    .option("--json", "print one JSON document on standard output, nothing else there")
    .option("-y, --yes", "answer every question with its default")
    .option("-q, --quiet", "only warnings, errors and the result")
    .option("-v, --verbose", "also what is of interest when something is wrong")
    .helpOption("-h, --help", "help for a command")
    .helpCommand("help [command]", "help for a command")
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(around.columns, 110), sortSubcommands: false })
    .configureOutput({ writeOut: around.out, writeErr: around.err })
    .showSuggestionAfterError(true)
    .showHelpAfterError(false)
    .exitOverride()
    .addHelpText(
      "after",
      "\nThe main path:\n  iapp init churn --template churn && cd churn\n  iapp deploy churn.ipynb\n  iapp predict --example\n  iapp logs\n\nExit codes: 0 done, 1 failed, 2 usage or a notebook that cannot be served, 3 declined, 4 held, 5 aborted, 130 interrupted.",
    );

  // Only the command that is named is loaded; the others are known by name and summary.
  const words = argv.filter((word, i) => !word.startsWith("-") && !["-C", "--directory"].includes(argv[i - 1] ?? ""));
  const named = words[0] === "help" ? words[1] : words[0];
  // Commander would take it anywhere, but behind a command `--version` is that command's own (`iapp logs --version v2`).
  if (words.length === 0) program.version(version, "-V, --version", "print the version");
  for (const entry of COMMANDS) {
    const command = program.command(entry.name, { hidden: entry.hidden === true }).helpGroup(`${GROUPS[entry.group]}:`);
    command.summary(entry.summary).description(entry.summary);
    if (entry.name === named) declare(command, entry, (await entry.load()).default, around, done);
  }
  return program;
}

function declare(
  target: Commander,
  entry: CommandEntry,
  command: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  target.description(command.description ?? command.summary);
  for (const argument of command.arguments ?? []) target.argument(argument.name, argument.summary);
  for (const spec of command.options ?? []) {
    const option = new Option(spec.flags, spec.summary);
    if (spec.choices !== undefined) option.choices(spec.choices);
    if (spec.default !== undefined) option.default(spec.default);
    if (spec.collect === true) {
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    }
    target.addOption(option);
  }
  if (command.examples.length > 0) {
    target.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  ${line}`).join("\n")}`);
  }
  for (const [name, sub] of Object.entries(command.subcommands ?? {})) {
    const child = target.command(name).summary(sub.summary);
    declare(child, entry, sub, around, done);
  }
  const { run: execute } = command;
  if (execute === undefined) return;
  const variadic = command.arguments?.at(-1)?.name.includes("...") === true;
  target.action(async (...received: unknown[]) => {
    const self = received.at(-1) as Commander;
    const values = received.slice(0, -2) as (string | string[] | undefined)[];
    const rest = variadic ? ((values.pop() as string[] | undefined) ?? []) : [];
    const options = self.optsWithGlobals<GlobalOptions & Record<string, unknown>>();
    const input: CommandInput = { args: values as (string | undefined)[], rest, options };
    const host = await around.createHost({
      cwd: options.directory === undefined ? around.cwd : resolve(around.cwd, options.directory),
      env: around.env,
      signal: around.signal,
      json: options.json === true,
      yes: options.yes === true,
      quiet: options.quiet === true,
      verbose: options.verbose === true,
    });
    done((await execute(input, host)) ?? ExitCode.done);
  });
}

async function showError(error: unknown, around: Surroundings, json: boolean): Promise<number> {
  const { asBug, errorDocument, errorText } = await import("./ui/errors.js");
  const { plainStyle, styleFor } = await import("./ui/style.js");
  const interrupted = around.signal.aborted || (error as Error)?.name === "AbortError";
  const shown = error instanceof IappError ? error : interrupted ? new Interrupted() : asBug(error, version);
  if (json) around.out(`${JSON.stringify(errorDocument(shown), null, 2)}\n`);
  else
    around.err(
      `${errorText(shown, around.createHost === undefined ? plainStyle : await styleFor(process.stderr, around.env))}\n`,
    );
  return shown.exitCode;
}

/** The real command line: wires signals, standard streams and the exit code. Called by `bin/iapp.js`. */
export async function main(argv: readonly string[]): Promise<void> {
  const abort = new AbortController();
  // Many requests at once listen to it, each as long as it lasts.
  setMaxListeners(0, abort.signal);
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      signals += 1;
      // A second Ctrl-C means now.
      if (signals > 1) process.exit(ExitCode.interrupted);
      abort.abort(new Interrupted());
    });
  }
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // The reader has seen enough (`iapp logs | head`): that is no failure.
    process.exit(error.code === "EPIPE" ? ExitCode.done : ExitCode.failed);
  });
  process.stderr.on("error", () => undefined);
  const { cwd, problem } = workingFolder();
  const code =
    problem === null
      ? await run(argv, {
          cwd,
          env: process.env,
          signal: abort.signal,
          createHost: async (options) => (await import("./ui/host.js")).createHost(options),
          out: (text) => void process.stdout.write(text),
          err: (text) => void process.stderr.write(text),
          columns: process.stdout.columns ?? 80,
        })
      : await showFatal(problem);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

function workingFolder(): { cwd: string; problem: UserError | null } {
  try {
    return { cwd: process.cwd(), problem: null };
  } catch (cause) {
    const problem = new UserError("IAPP_CLI_NO_FOLDER", "the current folder is gone", {
      remedy: "Change to a folder that exists and try again.",
      cause,
    });
    return { cwd: "/", problem };
  }
}

async function showFatal(problem: UserError): Promise<number> {
  const { errorText } = await import("./ui/errors.js");
  const { plainStyle } = await import("./ui/style.js");
  process.stderr.write(`${errorText(problem, plainStyle)}\n`);
  return problem.exitCode;
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((done) => {
    if (stream.writableLength === 0) done();
    else stream.write("", () => done());
  });
}
