import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { cutsOf, mutatedRequest, numbersFrom } from "./mutate-requests.js";
import { readRequests } from "./read-requests.js";

interface Taken {
  method: string;
  target: string;
  headers: string[];
  body: string;
}

const byPort = new Map<number, Taken[]>();

/** Node's own server, as strict as it is by itself. It takes whatever it is sent and tells the requests apart by the client's port. */
const server = createServer({ insecureHTTPParser: false, keepAliveTimeout: 5000 }, (req: IncomingMessage, res) => {
  const taken = byPort.get(req.socket.remotePort ?? 0) ?? [];
  let body = "";
  req.setEncoding("latin1");
  req.on("data", (piece: string) => {
    body += piece;
  });
  req.on("end", () => {
    taken.push({ method: req.method!, target: req.url!, headers: req.rawHeaders, body });
    res.end();
  });
});
server.on("clientError", (_error, socket) => socket.destroy());
for (const event of ["upgrade", "connect"] as const) {
  server.on(event, (_req: IncomingMessage, socket: Socket) => socket.destroy());
}
const listening = new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** The requests that Node takes, in their order. */
async function takenByNode(text: string): Promise<Taken[]> {
  await listening;
  const taken: Taken[] = [];
  await new Promise<void>((resolve) => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => {
      byPort.set(socket.localPort!, taken);
      socket.end(text, "latin1");
    });
    socket.resume();
    socket.on("error", () => undefined);
    socket.on("close", () => {
      byPort.delete(socket.localPort ?? 0);
      resolve();
    });
  });
  return taken;
}

const HEADERS = "(?:[^\\r\\n][^\\n]*\\n)*";
/** Where what Node takes is refused here: how that begins. */
const STRICTER: Record<string, RegExp> = {
  "a version that is not spoken here, or none": /^(?:\r\n)*(?!\S+ \S+ HTTP\/1\.[01]\r\n)\S+ \S+.*\r\n/,
  "everything, but for OPTIONS": /^(?:\r\n)*(?!OPTIONS)\S+ \* /,
  "an address that is not of HTTP, or has no sound host": /^(?:\r\n)*\S+ (?![/*])/,
  "a target that is not ASCII": /^(?:\r\n)*\S+ \S*[\x80-\xff]\S* /,
  "a line feed before the request": /^(?:\r\n)*\n/,
  "several hosts": new RegExp(`^${HEADERS}Host:[^\\n]*\\n${HEADERS}Host:`, "i"),
  "a host that is none": new RegExp(
    `^${HEADERS}Host:[\\t ]*(?![\\t ]*\\r)(?![a-z0-9._~!$&'()*+,;=%-]*(?::\\d*)?[\\t ]*\\r)`,
    "i",
  ),
  "no host (so does Node, but reads what comes behind)": new RegExp(`^(?!${HEADERS}Host:)`, "i"),
  "an expectation that cannot be met (Node answers it itself)": new RegExp(
    `^${HEADERS}Expect:(?![\\t ]*100-continue[\\t ]*\\r)`,
    "i",
  ),
  "chunks behind another coding": new RegExp(`^${HEADERS}Transfer-Encoding:[^\\r]*,`, "i"),
};

const CASES = 4000;
const cases = (seed: number): { text: string; cuts: number[] }[] => {
  const random = numbersFrom(seed);
  return Array.from({ length: CASES }, () => {
    const text = mutatedRequest(random);
    return { text, cuts: cutsOf(text.length, random) };
  });
};

describe("requests in which something was changed", () => {
  it("are the same in whatever pieces they come", () => {
    let refused = 0;
    for (const { text, cuts } of cases(1)) {
      const whole = readRequests(text);
      refused += Number(whole.refused !== null);
      const alone = Array.from({ length: text.length }, (_, i) => i);
      for (const some of [cuts, alone]) {
        const found = readRequests(text, some);
        expect(found.requests, JSON.stringify(text)).toEqual(whole.requests);
        expect(found.refused, JSON.stringify(text)).toBe(whole.refused);
      }
    }
    expect(refused).toBeGreaterThan(CASES / 4);
    expect(refused).toBeLessThan((3 * CASES) / 4);
  });

  it("are refused where Node refuses them, and read as Node reads them", async () => {
    const all = cases(2);
    const unexplained: string[] = [];
    for (let from = 0; from < all.length; from += 50) {
      await Promise.all(
        all.slice(from, from + 50).map(async ({ text, cuts }) => {
          const { requests, behind } = readRequests(text, cuts);
          const ours = requests.filter(({ switches }) => !switches);
          const nodes = await takenByNode(text);
          const told = ours.map(({ method, target, headers, body }) => ({ method, target, headers, body }));
          expect(told, JSON.stringify(text)).toEqual(nodes.slice(0, told.length));
          if (nodes.length === told.length) return;
          if (!Object.values(STRICTER).some((why) => why.test(behind))) unexplained.push(behind);
        }),
      );
    }
    expect(unexplained).toEqual([]);
  });
});
