import { execa } from "execa";
import { Interrupted, OperationError } from "./errors.js";

export interface ExecOptions {
  cwd?: string;
  /** The whole environment of the child; nothing is inherited besides. */
  env?: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal;
  /** Milliseconds; the child's process group gets SIGTERM, then SIGKILL after 5 s. */
  timeout?: number;
  input?: string | Uint8Array;
  /** Called for each line as it arrives. */
  onStdout?: (line: string) => void;
  onStderr?: (line: string) => void;
  /** The child gets a further pipe as descriptor 3; called for each line it writes there. */
  onThird?: (line: string) => void;
}

export interface ExecResult {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program by exact argument vector (never a shell) and resolves with its outcome, whatever the exit code.
 * Rejects with `Interrupted` when `signal` aborts and with `OperationError` when it cannot be started or times out.
 */
export async function exec(file: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const child = execa(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: definedOnly(options.env), extendEnv: false }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.input === undefined ? {} : { input: options.input }),
    stdio: [
      options.input === undefined ? "ignore" : "pipe",
      "pipe",
      "pipe",
      options.onThird === undefined ? "ignore" : "pipe",
    ],
    reject: false,
    forceKillAfterDelay: 5000,
    maxBuffer: 64 * 1024 * 1024,
    buffer: { fd3: false },
  });
  const readers = [
    follow(child.stdout, options.onStdout),
    follow(child.stderr, options.onStderr),
    follow((child.stdio as (NodeJS.ReadableStream | null)[])[3] ?? null, options.onThird),
  ];
  const result = await child;
  await Promise.all(readers);
  if (options.signal?.aborted) throw new Interrupted();
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new OperationError(
      "IAPP_EXEC_START",
      `${file} could not be started: ${result.originalMessage ?? result.shortMessage}`,
    );
  }
  if (result.timedOut) throw new OperationError("IAPP_EXEC_TIMEOUT", `${file} took longer than ${options.timeout} ms`);
  return {
    code: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: String(result.stdout ?? ""),
    stderr: String(result.stderr ?? ""),
  };
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function follow(
  stream: NodeJS.ReadableStream | null,
  onLine: ((line: string) => void) | undefined,
): Promise<void> {
  if (stream === null || onLine === undefined) return;
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  await new Promise<void>((resolve) => {
    stream.once("close", resolve);
    stream.once("end", resolve);
    stream.once("error", () => resolve());
  });
  if (rest !== "") onLine(rest);
}
