import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** Where the search for an app's port begins: high enough to need no rights, low enough to remember. */
const FIRST = 8100;
const COUNT = 800;

/** Can this port be listened on right now? */
export function isPortFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The first free port that is not spoken for; null when the whole range is taken. */
export async function findPort(spokenFor: ReadonlySet<number>): Promise<number | null> {
  for (let port = FIRST; port < FIRST + COUNT; port++) {
    if (!spokenFor.has(port) && (await isPortFree(port))) return port;
  }
  return null;
}

export interface PortHolder {
  pid: number;
  command: string;
}

/** Which process listens on a port, as far as this user may see it. Linux only. */
export function portHolder(port: number): PortHolder | null {
  if (process.platform !== "linux") return null;
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeners(table, port)));
  if (inodes.size === 0) return null;
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
        const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
        if (inode !== undefined && inodes.has(inode)) return { pid, command: commandOf(pid) };
      }
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
  return null;
}

/** Inodes of the sockets that listen on a port: `local_address` is hex `address:port`, state 0A is LISTEN. */
function listeners(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  try {
    return readFileSync(table, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === "0A")
      .map((fields) => fields[9]!);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
  return words.slice(0, 4).join(" ").slice(0, 120) || "unknown";
}

/** `by python3 -m http.server (process 4711)`, or nothing where it cannot be known. */
export function holderText(port: number): string {
  const holder = portHolder(port);
  return holder === null ? "" : ` by ${holder.command} (process ${holder.pid})`;
}
