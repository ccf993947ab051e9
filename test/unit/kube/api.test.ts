import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApiServer, send, status } from "../../helpers/fake-api-server.js";

const REF = { apiVersion: "v1", kind: "ConfigMap", name: "a" };
const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", resourceVersion: "1" } };

describe("the API of a cluster", () => {
  let server: FakeApiServer;
  beforeEach(async () => {
    server = await FakeApiServer.start();
  });
  afterEach(() => server.stop());

  it("waits as long as a busy server asks, also with what is sent once only", async () => {
    server.handle = (_req, res, nth) => {
      if (nth < 3) send(res, 429, status(429, "TooManyRequests", "slow down"), { "Retry-After": "0" });
      else send(res, 201, OBJECT);
    };
    expect(await server.api().create(OBJECT)).toEqual(OBJECT);
    expect(server.requests).toHaveLength(3);
  });

  it("tries again what may be repeated when the server fails, or cuts the connection", async () => {
    server.handle = (req, res, nth) => {
      if (nth === 1) send(res, 503, status(503, "ServiceUnavailable", "away"));
      else if (nth === 2) req.socket.destroy();
      else send(res, 200, OBJECT);
    };
    expect(await server.api().get(REF)).toEqual(OBJECT);
    expect(server.requests).toHaveLength(3);
  });

  it("never sends twice what may have been done", async () => {
    server.handle = (req) => req.socket.destroy();
    await expect(server.api().create(OBJECT)).rejects.toMatchObject({ code: "IAPP_KUBE_UNREACHABLE", retryable: true });
    expect(server.requests).toHaveLength(1);
  });

  it("tells a refusal in the server's own words, without the credentials", async () => {
    server.handle = (_req, res) => send(res, 403, status(403, "Forbidden", 'configmaps "a" is forbidden'));
    const error = await server
      .api()
      .get(REF)
      .catch((cause: unknown) => cause as Error & { data: object });
    expect(error).toMatchObject({ status: 403, reason: "Forbidden" });
    expect((error as Error).message).toContain('configmaps "a" is forbidden');
    expect(JSON.stringify(error)).not.toContain("secret-token-value");
    expect(server.requests).toHaveLength(1);
  });

  it("takes what is not there for nothing, and removes it in peace", async () => {
    server.handle = (_req, res) => send(res, 404, status(404, "NotFound", "no"));
    expect(await server.api().find(REF)).toBeNull();
    expect(await server.api().remove(REF)).toBe(false);
  });

  it("ends at once when the person interrupts", async () => {
    const abort = new AbortController();
    server.handle = () => abort.abort();
    await expect(server.api(abort.signal).get(REF)).rejects.toMatchObject({ code: "IAPP_CLI_INTERRUPTED" });
  });

  it("goes by the server's clock", async () => {
    server.handle = (_req, res) => send(res, 200, OBJECT, { Date: new Date(Date.now() + 3_600_000).toUTCString() });
    const api = server.api();
    await api.get(REF);
    expect(api.now() - Date.now()).toBeGreaterThan(3_500_000);
  });
});
