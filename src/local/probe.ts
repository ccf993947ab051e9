import { get } from "node:http";

export interface Probe {
  /** Null: no answer. */
  status: number | null;
  body: string;
}

/** One GET on this machine; never rejects. */
export function probe(port: number, path: string, timeout = 2000): Promise<Probe> {
  return new Promise((resolve) => {
    const req = get({ host: "127.0.0.1", port, path, agent: false, timeout }, (res) => {
      let body = "";
      res.setEncoding("utf8");
      res.on("data", (chunk: string) => {
        body += chunk;
      });
      res.on("end", () => resolve({ status: res.statusCode ?? null, body }));
      res.on("error", () => resolve({ status: null, body: "" }));
    });
    const whole = setTimeout(() => req.destroy(), timeout);
    req.on("timeout", () => req.destroy());
    req.on("error", () => resolve({ status: null, body: "" }));
    req.on("close", () => {
      clearTimeout(whole);
      resolve({ status: null, body: "" });
    });
  });
}
