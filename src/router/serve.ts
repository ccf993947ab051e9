import { setTimeout as sleep } from "node:timers/promises";
import type { AccessLog } from "./access-log.js";
import { createAdmin, listenAdmin } from "./admin.js";
import { Router } from "./server.js";

export interface ServeOptions {
  listen: { host: string; port: number; adminHost: string; adminPort: number; headerBytes?: number };
  log: AccessLog;
  /** Aborted when the router is to end. */
  signal: AbortSignal;
  /** How long new connections are still taken after that, in milliseconds: until everybody knows that it leaves. */
  leavingMs: number;
  /** Calls `changed` with the text of the route, now and whenever it is another one. Returns what ends that. */
  feed: (changed: (text: string) => void) => () => void;
  listening?: (ports: { port: number; admin: number }) => void;
}

/** A router from its first to its last request. Resolves with the exit code, and the system's error code when it could not listen. */
export async function serveRouter(options: ServeOptions): Promise<{ code: number; error: string | null }> {
  const { listen, log, signal } = options;
  const router = new Router({
    host: listen.host,
    port: listen.port,
    ...(listen.headerBytes === undefined ? {} : { headerBytes: listen.headerBytes }),
    onAccess: (record) => log.record(record),
    onGuard: (version, reason) => log.say("error", `${version} gets no more requests: ${reason}`),
  });
  const admin = createAdmin(router);
  let ports: { port: number; admin: number };
  try {
    ports = {
      admin: await listenAdmin(admin, listen.adminHost, listen.adminPort),
      port: await router.listen(),
    };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    log.say(
      "error",
      `cannot listen: ${code === "EADDRINUSE" ? `port ${listen.port} is taken` : (cause as Error).message}`,
    );
    admin.close();
    return { code: 1, error: code };
  }
  const unfeed = options.feed((text) => {
    const applied = router.read(text);
    const { generation, versions } = router.route;
    const shares = versions
      .map(({ name, weight, endpoints }) => `${name} ${weight / 10} % on ${endpoints.length}`)
      .join(", ");
    if (applied) log.say("info", `route ${generation}: ${shares || "empty"}`);
    else log.say("error", `route not applied: ${router.status().problem}`);
  });
  options.listening?.(ports);
  log.say("info", `listening on http://${listen.host}:${ports.port}`);
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }
  if (options.leavingMs > 0) {
    log.say("info", "leaving: new requests are still answered");
    router.leave();
    await sleep(options.leavingMs);
  }
  log.say("info", "draining");
  unfeed();
  const cut = await router.drain();
  if (cut === 0) log.say("info", "stopped");
  else log.say("warn", `stopped; ${cut} requests took too long and were cut off`);
  admin.close();
  admin.closeAllConnections();
  return { code: 0, error: null };
}
