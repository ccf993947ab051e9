import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Keys, wrongSignature } from "./signature-v4.js";

/** What the store does wrong; each is used up by as many requests as it says, and meets only keys, or lists, that fit. */
export interface Fault {
  on: "list" | RegExp;
  times: number;
  /** An answer of S3 with this status and code. */
  refuse?: { status: number; code: string; more?: string };
  /** An answer that S3 would not give. */
  answer?: { status: number; body: string };
  /** Closes the connection after so many bytes of the object. */
  cut?: number;
  /** Sends so many bytes of the object, and then nothing more. */
  stall?: number;
  /** Sends so many bytes, and says so. */
  shorter?: number;
  /** Sends no answer at all. */
  silent?: true;
}

/** A small store that speaks S3, path style: lists with pages, objects, signatures, and faults as they are wanted. */
export class BucketServer {
  readonly objects = new Map<string, Buffer>();
  readonly faults: Fault[] = [];
  /** `GET /lake/churn/d.csv`. */
  readonly requests: string[] = [];
  keys: Keys = { id: "AKIDTEST0123", secret: "very/secret+key" };
  token: string | null = null;
  page = 1000;
  /** Before an object is answered. */
  waitMs = 0;
  /** Answers at the same time, at most so far. */
  most = 0;
  #open = 0;

  private constructor(
    readonly server: Server,
    readonly bucket: string,
    readonly host: string,
  ) {}

  static async start(bucket = "lake", host = "127.0.0.1"): Promise<BucketServer> {
    const server = createServer((req, res) => void store.#serve(req, res));
    const store = new BucketServer(server, bucket, host);
    await new Promise<void>((done) => server.listen(0, host, done));
    return store;
  }

  get endpoint(): string {
    return `http://${this.host}:${(this.server.address() as AddressInfo).port}`;
  }

  /** As a Secret would hold it. */
  get env(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: this.keys.id,
      AWS_SECRET_ACCESS_KEY: this.keys.secret,
      AWS_ENDPOINT_URL_S3: this.endpoint,
      ...(this.token === null ? {} : { AWS_SESSION_TOKEN: this.token }),
    };
  }

  put(objects: Record<string, string>): void {
    for (const [key, text] of Object.entries(objects)) this.objects.set(key, Buffer.from(text));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.requests.push(`${req.method} ${decodeURIComponent(req.url!.split("?")[0]!)}`);
    this.most = Math.max(this.most, ++this.#open);
    res.once("close", () => --this.#open);
    const code = wrongSignature(req, this.keys, this.token);
    if (code !== null) return refuse(res, 403, code);
    const url = new URL(req.url!, this.endpoint);
    const [bucket, ...rest] = url.pathname.slice(1).split("/").map(decodeURIComponent);
    const key = rest.join("/");
    const isList = key === "";
    const fault = this.#faultOf(isList ? null : key);
    if (fault?.silent === true) return;
    if (fault?.refuse !== undefined) return refuse(res, fault.refuse.status, fault.refuse.code, fault.refuse.more);
    if (fault?.answer !== undefined) return void res.writeHead(fault.answer.status).end(fault.answer.body);
    if (bucket !== this.bucket) return refuse(res, 404, "NoSuchBucket");
    if (isList) return this.#list(url.searchParams, res);
    if (this.waitMs > 0) await new Promise((done) => setTimeout(done, this.waitMs));
    const body = this.objects.get(key);
    if (body === undefined) return refuse(res, 404, "NoSuchKey");
    const sent = fault?.shorter === undefined ? body : body.subarray(0, fault.shorter);
    res.writeHead(200, { "content-length": sent.length, "content-type": "binary/octet-stream" });
    const until = fault?.cut ?? fault?.stall;
    if (until === undefined) return void res.end(sent);
    res.write(sent.subarray(0, until));
    if (fault?.cut !== undefined) setTimeout(() => res.destroy(), 20);
  }

  #faultOf(key: string | null): Fault | undefined {
    const found = this.faults.find(({ on, times }) => {
      return times > 0 && (key === null ? on === "list" : on instanceof RegExp && on.test(key));
    });
    if (found !== undefined) found.times -= 1;
    return found;
  }

  #list(query: URLSearchParams, res: ServerResponse): void {
    const encode = (text: string): string =>
      query.get("encoding-type") === "url"
        ? encodeURIComponent(text).replaceAll("%20", "+").replaceAll("%2F", "/")
        : text;
    const most = Math.min(this.page, Number(query.get("max-keys") ?? 1000));
    const from = Buffer.from(query.get("continuation-token") ?? "", "base64").toString();
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(query.get("prefix") ?? "") && key > from)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const shown = keys.slice(0, most);
    const more = keys.length > shown.length;
    const next = more
      ? `<NextContinuationToken>${Buffer.from(shown.at(-1)!).toString("base64")}</NextContinuationToken>`
      : "";
    const contents = shown.map(
      (key) => `<Contents><Key>${encode(key)}</Key><Size>${this.objects.get(key)!.length}</Size></Contents>`,
    );
    const encoding = query.get("encoding-type") === "url" ? "<EncodingType>url</EncodingType>" : "";
    const text = `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${this.bucket}</Name><IsTruncated>${more}</IsTruncated>${next}${encoding}${contents.join("")}</ListBucketResult>`;
    res.writeHead(200, { "content-type": "application/xml" }).end(text);
  }
}

function refuse(res: ServerResponse, status: number, code: string, more = ""): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>said by the store</Message>${more}</Error>`;
  res.writeHead(status, { "content-type": "application/xml" }).end(text);
}
