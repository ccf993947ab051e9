import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** In front of a registry without a login, on loopback: asks for one, and can be away. */
export class LoginRegistry {
  away = false;
  /** Requests without the right login. */
  refused = 0;

  private constructor(
    readonly server: Server,
    readonly upstream: string,
  ) {}

  static async before(upstream: string, login: string | null): Promise<LoginRegistry> {
    const [hostname, port] = upstream.split(":");
    const wanted = login === null ? null : `Basic ${Buffer.from(login).toString("base64")}`;
    const server = createServer((req, res) => {
      if (registry.away) return void req.socket.resetAndDestroy();
      if (wanted !== null && req.headers.authorization !== wanted) {
        registry.refused += 1;
        res.writeHead(401, { "www-authenticate": 'Basic realm="test"', "content-type": "application/json" });
        return void res.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      }
      const { authorization: _login, ...headers } = req.headers;
      const onward = request({ hostname, port, path: req.url, method: req.method, headers }, (answer) => {
        res.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(res);
      });
      onward.on("error", () => res.destroy());
      req.pipe(onward);
    });
    const registry = new LoginRegistry(server, upstream);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return registry;
  }

  get address(): string {
    return `localhost:${(this.server.address() as AddressInfo).port}`;
  }

  /** The same image under the name of this registry. */
  named(image: string): string {
    return image.replace(`${this.upstream}/`, `${this.address}/`);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
