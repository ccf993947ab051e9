import { readFile } from "node:fs/promises";
import { LogFile } from "../core/log-file.js";
import { ownProcess, writeProcessFile } from "../core/process-file.js";
import { AccessLog } from "./access-log.js";
import { EMPTY_ROUTE, parseRoute } from "./route.js";
import { serveRouter } from "./serve.js";
import { watchFile } from "./watch.js";

export interface RouterProcessOptions {
  /** This process's name in its process file. */
  unit: string;
  routeFile: string;
  logFile: string;
  logBytes: number;
  /** Where this process says who it is and on which ports it listens. */
  processFile: string;
  host: string;
  port: number;
  /** 0: any free port. */
  adminPort: number;
  /** Aborted by SIGTERM: drain and end. */
  signal: AbortSignal;
}

/** The router as a process of its own on this machine: listens, follows the route file, drains when told to end. Resolves with the exit code. */
export async function runRouter(options: RouterProcessOptions): Promise<number> {
  const { host, port, adminPort, processFile, routeFile, signal } = options;
  const log = new AccessLog(new LogFile(options.logFile, { maxBytes: options.logBytes }));
  const self = ownProcess(options.unit, Date.now());
  writeProcessFile(processFile, self);
  const first = await readFile(routeFile, "utf8").catch(() => "");
  const { code, error } = await serveRouter({
    listen: { host, port, adminHost: host, adminPort, headerBytes: headerBytes(first) },
    log,
    signal,
    leavingMs: 0,
    feed: (changed) => watchFile(routeFile, changed),
    listening: (ports) => {
      self.admin = ports.admin;
      self.port = ports.port;
      writeProcessFile(processFile, self);
    },
  });
  log.close();
  writeProcessFile(processFile, { ...self, exit: { code, signal: null, t: Date.now(), error } });
  return code;
}

function headerBytes(text: string): number {
  try {
    return parseRoute(text).limits.header_bytes;
  } catch {
    return EMPTY_ROUTE.limits.header_bytes;
  }
}
