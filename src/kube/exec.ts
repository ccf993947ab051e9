import { OperationError } from "../core/errors.js";
import type { KubeApi } from "./client/api.js";
import type { Socket } from "./client/connection.js";
import type { Status } from "./client/errors.js";

export interface ExecOptions {
  pod: string;
  container: string;
  command: readonly string[];
  /** Null: the program has none. */
  stdin: AsyncIterable<Uint8Array> | null;
  /** While these are not done nothing more is read. */
  out: (data: Buffer) => Promise<void>;
  err: (data: Buffer) => Promise<void>;
}

/** Channels of the remote command protocols; that of version 5 closes one by its number. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/** Bytes waiting in the WebSocket above which stdin is not read any further. */
const HIGH = 1024 * 1024;
const PING_MS = 15_000;

/** Runs a program in a container and resolves with its exit code. Never sent twice: whatever it does may have been done. */
export async function execIn(api: KubeApi, options: ExecOptions): Promise<number> {
  const { pod, container, command, stdin } = options;
  const query = new URLSearchParams({ container, stdout: "true", stderr: "true", stdin: String(stdin !== null) });
  for (const word of command) query.append("command", word);
  let socket: Socket | null = null;
  let status: Status | null = null;
  let writing: Promise<void> = Promise.resolve();
  const receive = (channel: number, data: Buffer): void => {
    if (channel === STATUS) status = JSON.parse(data.toString("utf8")) as Status;
    if ((channel !== STDOUT && channel !== STDERR) || data.length === 0) return;
    const write = channel === STDOUT ? options.out : options.err;
    socket?.pause();
    writing = writing.then(() => write(data)).then(() => socket?.resume());
  };
  const path = `${api.path({ apiVersion: "v1", kind: "Pod", name: pod })}/exec?${query}`;
  const open = await api.socket(path, receive, PROTOCOLS);
  socket = open;
  const ping = setInterval(() => open.ping(), PING_MS);
  const abort = (): void => open.terminate();
  api.signal.addEventListener("abort", abort, { once: true });
  const closed = new Promise<void>((resolve) => open.once("close", () => resolve()));
  open.on("error", () => undefined);
  // The program may end without having read all of it.
  if (stdin !== null) void send(open, stdin, closed).catch(() => open.terminate());
  try {
    await closed;
    await writing;
  } finally {
    clearInterval(ping);
    api.signal.removeEventListener("abort", abort);
  }
  api.signal.throwIfAborted();
  return codeOf(status, pod);
}

async function send(socket: Socket, stdin: AsyncIterable<Uint8Array>, closed: Promise<void>): Promise<void> {
  for await (const chunk of stdin) {
    if (socket.readyState !== socket.OPEN) return;
    const message = Buffer.concat([Buffer.from([STDIN]), chunk]);
    const sent = new Promise<void>((resolve) => socket.send(message, () => resolve()));
    if (socket.bufferedAmount > HIGH) await Promise.race([sent, closed]);
  }
  // Version 4 cannot say that there is no more; what reads to the end would wait for ever.
  if (socket.protocol === PROTOCOLS[0]) socket.send(Buffer.from([CLOSE, STDIN]));
  else throw new Error("this cluster is too old to be told that stdin has ended");
}

function codeOf(status: (Status & { status?: string }) | null, pod: string): number {
  if (status === null) {
    throw new OperationError("IAPP_EXEC_CUT", `the connection to ${pod} broke before the command had ended`, {
      remedy: "Whether it went on is not known.",
    });
  }
  if (status.status === "Success") return 0;
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (code !== undefined) return Number(code);
  throw new OperationError("IAPP_EXEC_FAILED", `the command was not run in ${pod}: ${status.message ?? "no reason"}`, {
    remedy: "Is there such a program in the image?",
  });
}
