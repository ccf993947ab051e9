import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Router } from "./server.js";

/** The router's own routes, on a port of their own that only this machine (on a cluster: this pod) reaches. */
export function createAdmin(router: Router): Server {
  return createServer({ keepAliveTimeout: 5000 }, (req, res) => {
    const send = (status: number, type: string, body: string): void => {
      res.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
      res.end(req.method === "HEAD" ? undefined : body);
    };
    const path = (req.url ?? "/").split("?")[0];
    if (req.method !== "GET" && req.method !== "HEAD") send(405, "text/plain", "only GET\n");
    else if (path === "/-/iapp/router") send(200, "application/json", `${JSON.stringify(router.status())}\n`);
    else if (path === "/-/iapp/evidence") send(200, "application/json", `${JSON.stringify(router.evidence())}\n`);
    else if (path === "/metrics") send(200, "text/plain; version=0.0.4", router.metrics.render(router.route));
    else if (path === "/livez") send(200, "text/plain", "ok\n");
    else if (path === "/readyz") {
      const ready = router.route.generation > 0 && !router.status().draining;
      send(ready ? 200 : 503, "text/plain", ready ? "ok\n" : "no route is applied, or draining\n");
    } else send(404, "text/plain", "no such route\n");
  });
}

/** Resolves with the port. */
export function listenAdmin(admin: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    admin.once("error", reject);
    admin.listen({ host, port }, () => resolve((admin.address() as AddressInfo).port));
  });
}
