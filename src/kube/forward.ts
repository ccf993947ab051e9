import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket as TcpSocket } from "node:net";
import type { KubeApi } from "./client/api.js";
import type { Socket } from "./client/connection.js";

/** Bytes waiting in a WebSocket above which the local side is not read any further. */
const HIGH = 1024 * 1024;
const PING_MS = 15_000;

export interface Forward {
  /** `http://127.0.0.1:port`. */
  url: string;
  close(): Promise<void>;
}

/**
 * A port on loopback whose connections go to a port of a pod through the API server. Each connection has a WebSocket of its own and asks
 * anew which pod to go to, so that it outlives any pod.
 * @param pick the pod for a new connection
 */
export async function forward(api: KubeApi, pick: () => Promise<string>, port: number): Promise<Forward> {
  const open = new Set<TcpSocket>();
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (local) => {
    open.add(local);
    local.on("close", () => open.delete(local));
    local.on("error", () => local.destroy());
    pick()
      .then((pod) => connect(api, pod, port, local))
      .catch(() => local.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port: own } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${own}`, close: () => closeAll(server, open) };
}

function closeAll(server: Server, open: Set<TcpSocket>): Promise<void> {
  for (const socket of open) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Channels of `v4.channel.k8s.io`: two for each port, data and errors; the first message of each names the port again. */
const DATA = 0;
const ERROR = 1;

async function connect(api: KubeApi, pod: string, port: number, local: TcpSocket): Promise<void> {
  const greeted = new Set<number>();
  let remote: Socket | null = null;
  const receive = (channel: number, data: Buffer): void => {
    let rest = data;
    if (!greeted.has(channel)) {
      greeted.add(channel);
      rest = data.subarray(2);
    }
    if (rest.length === 0) return;
    if (channel === ERROR) local.destroy(new Error(rest.toString("utf8")));
    else if (channel === DATA && !local.write(rest)) {
      remote?.pause();
      local.once("drain", () => remote?.resume());
    }
  };
  const path = `${api.path({ apiVersion: "v1", kind: "Pod", name: pod })}/portforward?ports=${port}`;
  remote = await api.socket(path, receive);
  const socket = remote;
  const ping = setInterval(() => socket.ping(), PING_MS);
  socket.on("close", () => local.end());
  socket.on("error", () => local.destroy());
  local.on("data", (chunk) => {
    if (socket.readyState !== socket.OPEN) return;
    const message = Buffer.allocUnsafe(chunk.length + 1);
    message[0] = DATA;
    chunk.copy(message, 1);
    socket.send(message, () => {
      if (local.isPaused() && socket.bufferedAmount < HIGH) local.resume();
    });
    if (socket.bufferedAmount >= HIGH) local.pause();
  });
  // The protocol cannot say that one side only has nothing more to send: whoever ends has had its answer.
  const end = (): void => {
    clearInterval(ping);
    socket.close();
  };
  local.on("end", end);
  local.on("close", end);
  if (local.destroyed) end();
  else local.resume();
}
