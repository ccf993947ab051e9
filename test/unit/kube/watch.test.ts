import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watch } from "../../../src/kube/watch.js";
import { FakeApiServer, send, status } from "../../helpers/fake-api-server.js";

const object = (name: string, resourceVersion: string) => {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, resourceVersion } };
};

describe("a watch", () => {
  let server: FakeApiServer;
  let lists: number;
  let watches: string[];
  /** What each list and each watch gets, in turn; the last one again and again. */
  let script: { list: unknown[]; watch: ((res: ServerResponse) => void)[] };
  const stop = { now: new AbortController() };

  beforeEach(async () => {
    server = await FakeApiServer.start();
    [lists, watches] = [0, []];
    stop.now = new AbortController();
    server.handle = (req, res) => {
      const url = new URL(req.url!, "http://x");
      if (url.searchParams.get("watch") === null) {
        send(res, 200, script.list[Math.min(lists++, script.list.length - 1)]);
        return;
      }
      watches.push(url.searchParams.get("resourceVersion")!);
      res.writeHead(200, { "Content-Type": "application/json" });
      res.flushHeaders();
      script.watch[Math.min(watches.length - 1, script.watch.length - 1)]!(res);
    };
  });
  afterEach(() => server.stop());

  const line = (type: string, body: unknown): string => `${JSON.stringify({ type, object: body })}\n`;
  const silent = (): void => undefined;

  async function follow(until: (names: string[]) => boolean, silenceMs?: number): Promise<string[]> {
    const troubles: (string | null)[] = [];
    let names: string[] = [];
    await watch(server.api(), {
      kind: { apiVersion: "v1", kind: "ConfigMap" },
      signal: stop.now.signal,
      ...(silenceMs === undefined ? {} : { silenceMs }),
      trouble: (error) => void troubles.push(error?.message ?? null),
      changed: (objects) => {
        names = [...objects.keys()].sort();
        if (until(names)) stop.now.abort();
      },
    });
    return names;
  }

  it("goes on from the last change when the server ends it or cuts it, in the middle of a line too", async () => {
    script = {
      list: [{ metadata: { resourceVersion: "5" }, items: [object("a", "4")] }],
      watch: [
        (res) => res.end(line("ADDED", object("b", "6"))),
        (res) => {
          res.write(line("BOOKMARK", { metadata: { resourceVersion: "9" } }));
          res.write(line("ADDED", object("c", "10")).slice(0, 30));
          setTimeout(() => res.destroy(), 20);
        },
        (res) => res.write(line("ADDED", object("c", "10")) + line("DELETED", object("a", "11"))),
      ],
    };
    expect(await follow((names) => names.join() === "b,c")).toEqual(["b", "c"]);
    expect([lists, watches]).toEqual([1, ["5", "6", "9"]]);
  });

  it("lists anew when the history is gone, and forgets what is not there any more", async () => {
    script = {
      list: [
        { metadata: { resourceVersion: "5" }, items: [object("a", "4")] },
        { metadata: { resourceVersion: "90" }, items: [object("z", "80")] },
      ],
      watch: [(res) => res.end(line("ERROR", status(410, "Expired", "too old"))), silent],
    };
    expect(await follow((names) => names.includes("z"))).toEqual(["z"]);
    expect(lists).toBe(2);
  });

  it("opens another one when it has been silent for too long", async () => {
    script = {
      list: [{ metadata: { resourceVersion: "5" }, items: [] }],
      watch: [silent, (res) => res.write(line("ADDED", object("late", "7")))],
    };
    expect(await follow((names) => names.includes("late"), 200)).toEqual(["late"]);
    expect(watches).toEqual(["5", "5"]);
  });

  it("ends with the refusal when it may not even list", async () => {
    server.handle = (_req, res) => send(res, 403, status(403, "Forbidden", "no"));
    await expect(follow(() => false)).rejects.toMatchObject({ status: 403 });
  });
});
