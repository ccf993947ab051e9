import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { LogFile } from "../core/log-file.js";
import { processStart } from "../core/process.js";
import { ownProcess, type ProcessFile, writeProcessFile } from "../core/process-file.js";

/** What a keeper is told, in a file. */
export interface KeepSpec {
  unit: string;
  command: string[];
  cwd: string;
  env: Record<string, string>;
  mark: string;
  processFile: string;
  logFile: string;
  logBytes: number;
  /** Put into every line of the log. */
  labels: Record<string, string | number>;
}

const LINE_LIMIT = 65_536;

/**
 * A keeper holds one program: reads what it prints, stamps each line with its time and writes it to a log that it rotates, and
 * notes how the program ended. It outlives the supervisor, so that the program never writes into a pipe without a reader.
 */
export async function keep(specFile: string): Promise<number> {
  // The group is told to end as a whole; the keeper stays until the program has said its last words.
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.removeAllListeners(name);
    process.on(name, () => undefined);
  }
  const spec = JSON.parse(readFileSync(specFile, "utf8")) as KeepSpec;
  const log = new LogFile(spec.logFile, { maxBytes: spec.logBytes });
  const say = (record: object): void => log.append([{ t: Date.now() / 1000, ...spec.labels, ...record }]);
  const file: ProcessFile = { ...ownProcess(spec.unit, Date.now()), mark: spec.mark };
  writeProcessFile(spec.processFile, file);

  const [program, ...args] = spec.command;
  const child = spawn(program!, args, { cwd: spec.cwd, env: spec.env, stdio: ["ignore", "pipe", "pipe"] });
  if (child.pid !== undefined) {
    file.child = { pid: child.pid, start: processStart(child.pid) };
    writeProcessFile(spec.processFile, file);
  }
  const follow = (stream: Readable, name: string): Promise<void> =>
    lines(stream, (batch) => {
      const t = Date.now() / 1000;
      log.append(batch.map((line) => ({ t, ...spec.labels, stream: name, line })));
      if (name !== "stdout" || file.port !== null) return;
      const port = batch.map(readyPort).find((found) => found !== null) ?? null;
      if (port === null) return;
      file.port = port;
      writeProcessFile(spec.processFile, file);
    });
  const streams = Promise.all([follow(child.stdout, "stdout"), follow(child.stderr, "stderr")]);
  const { code, signal, error } = await ended(child);
  // A grandchild may hold the pipes open for ever.
  await Promise.race([streams, new Promise((resolve) => setTimeout(resolve, 500))]);
  const text = error ?? (signal === null ? `ended with exit code ${code}` : `ended by ${signal}`);
  say({ level: code === 0 ? "info" : "error", message: `the process ${text}` });
  log.close();
  writeProcessFile(spec.processFile, { ...file, exit: { code, signal, t: Date.now(), error } });
  return signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0);
}

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  error: string | null;
}

function ended(child: ReturnType<typeof spawn>): Promise<End> {
  return new Promise((resolve) => {
    child.once("error", (cause: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error: `cannot be started: ${cause.message}` });
    });
    child.once("exit", (code, signal) => resolve({ code, signal, error: null }));
  });
}

/** Whole lines of a stream, in the groups in which they arrive. An endless line is cut into pieces. */
async function lines(stream: Readable, each: (batch: string[]) => void): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.write(chunk as Buffer)).split("\n");
    rest = parts.pop() ?? "";
    const batch = parts.flatMap(pieces);
    while (rest.length > LINE_LIMIT) {
      batch.push(rest.slice(0, LINE_LIMIT));
      rest = rest.slice(LINE_LIMIT);
    }
    if (batch.length > 0) each(batch);
  }
  rest += decoder.end();
  if (rest !== "") each(pieces(rest));
}

function pieces(line: string): string[] {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (text.length <= LINE_LIMIT) return [text];
  return Array.from({ length: Math.ceil(text.length / LINE_LIMIT) }, (_, i) =>
    text.slice(i * LINE_LIMIT, (i + 1) * LINE_LIMIT),
  );
}

/** The port in `{"code": "service.ready", "port": N}`. */
function readyPort(line: string): number | null {
  if (!line.startsWith("{") || !line.includes("service.ready")) return null;
  try {
    const event = JSON.parse(line) as { code?: string; port?: number };
    return event.code === "service.ready" && Number.isInteger(event.port) ? (event.port ?? null) : null;
  } catch {
    return null;
  }
}
