import { readFile } from "node:fs/promises";
import { LogFile } from "../core/log-file.js";
import { ownProcess, writeProcessFile } from "../core/process-file.js";
import { AccessLog } from "./access-log.js";
import { createAdmin, listenAdmin } from "./admin.js";
import { EMPTY_ROUTE, parseRoute } from "./route.js";
import { Router } from "./server.js";
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

/** The router as a process of its own: listens, follows the route file, drains when told to end. Resolves with the exit code. */
export async function runRouter(options: RouterProcessOptions): Promise<number> {
  const { host, processFile } = options;
  const log = new AccessLog(new LogFile(options.logFile, { maxBytes: options.logBytes }));
  const self = ownProcess(options.unit, Date.now());
  writeProcessFile(processFile, self);

  const first = await readFile(options.routeFile, "utf8").catch(() => "");
  const router = new Router({
    host,
    port: options.port,
    headerBytes: headerBytes(first),
    onAccess: (r) => log.record(r),
    onGuard: (version, reason) => log.say("error", `${version} gets no more requests: ${reason}`),
  });
  const admin = createAdmin(router);
  try {
    self.admin = await listenAdmin(admin, host, options.adminPort);
    self.port = await router.listen();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    const error = code === "EADDRINUSE" ? `port ${options.port} is taken` : (cause as Error).message;
    log.say("error", `cannot listen: ${error}`);
    log.close();
    writeProcessFile(processFile, { ...self, exit: { code: 1, signal: null, t: Date.now(), error: code } });
    return 1;
  }
  const unwatch = watchFile(options.routeFile, (text) => {
    const applied = router.read(text);
    const { generation, versions } = router.route;
    if (!applied) log.say("error", `route not applied: ${router.status().problem}`);
    else
      log.say(
        "info",
        `route ${generation}: ${versions.map((v) => `${v.name} ${v.weight / 10} %`).join(", ") || "empty"}`,
      );
  });
  writeProcessFile(processFile, self);
  log.say("info", `listening on http://${host}:${self.port}`);

  if (!options.signal.aborted) {
    await new Promise<void>((resolve) => options.signal.addEventListener("abort", () => resolve(), { once: true }));
  }
  log.say("info", "draining");
  unwatch();
  const cut = await router.drain();
  log.say(
    cut === 0 ? "info" : "warn",
    cut === 0 ? "stopped" : `stopped; ${cut} requests took too long and were cut off`,
  );
  admin.close();
  admin.closeAllConnections();
  log.close();
  writeProcessFile(processFile, { ...self, exit: { code: 0, signal: null, t: Date.now(), error: null } });
  return 0;
}

function headerBytes(text: string): number {
  try {
    return parseRoute(text).limits.header_bytes;
  } catch {
    return EMPTY_ROUTE.limits.header_bytes;
  }
}
