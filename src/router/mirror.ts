import { Agent, request } from "node:http";
import type { MirrorEvidence } from "../core/evidence.js";
import type { VersionChooser } from "./choice.js";
import type { ClientRequest } from "./client-request.js";
import { mirrorHeaders } from "./headers.js";
import { PairLog } from "./pairs.js";
import { type Answered, isScoring } from "./predictions.js";
import { type RouteDocument, type RouteMirror, splitEndpoint } from "./route.js";
import type { Tap } from "./tap.js";

/** Copies under way at a time: the version under test must not be judged by a load that no client makes. */
const AT_ONCE = 4;

interface Copy {
  id: string;
  method: string;
  target: string;
  scoring: boolean;
  headers: readonly string[];
  body: Buffer;
  before: Answered;
  again: boolean;
  log: PairLog;
}

/**
 * Sends copies of answered requests to a version that gets none of its own and compares what it says. The client has its answer before;
 * what cannot be copied in time is dropped and counted.
 */
export class Mirror {
  readonly #chooser: VersionChooser;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 * AT_ONCE, timeout: 1500 });
  #rule: RouteMirror | null = null;
  #log: PairLog | null = null;
  #waiting: Copy[] = [];
  #busy = 0;
  #credit = 0;
  #again = 0;

  constructor(chooser: VersionChooser) {
    this.#chooser = chooser;
  }

  /** Another pair of versions, or mirroring after a time without, begins its counts anew. */
  apply({ generation, mirror }: RouteDocument): void {
    const fresh = mirror !== undefined && (this.#rule === null || this.#log?.is(mirror) !== true);
    if (fresh) this.#log = new PairLog(generation, mirror);
    this.#rule = mirror ?? null;
    if (mirror === undefined || fresh) this.#drop("stopped");
  }

  report(): MirrorEvidence | null {
    return this.#log?.report() ?? null;
  }

  /** Is this request to be copied? Takes its turn in the share. Only what may be repeated is: reading, and asking for predictions. */
  takes({ method, length }: ClientRequest, path: string, version: string): boolean {
    const rule = this.#rule;
    if (rule === null || version !== rule.from || rule.share === 0) return false;
    if (method !== "GET" && method !== "HEAD" && !isScoring(method, path)) return false;
    this.#credit += rule.share;
    if (this.#credit < 1000) return false;
    this.#credit -= 1000;
    if ((length ?? 0) <= rule.body_bytes) return true;
    this.#log?.drop("request_size");
    return false;
  }

  get bodyBytes(): number {
    return this.#rule?.body_bytes ?? 0;
  }

  /** Takes a request whose answer is with the client. */
  offer({ method, target, headers }: ClientRequest, path: string, id: string, status: number, tap: Tap): void {
    const [rule, log] = [this.#rule, this.#log];
    if (rule === null || log === null) return;
    const [body, answer] = [tap.request, tap.answer];
    const full = this.#waiting.length >= rule.queue ? "queue" : null;
    if (tap.lost !== null || body === null || full !== null) {
      log.drop(tap.lost ?? full ?? "request_size");
      return;
    }
    const scoring = isScoring(method, path);
    this.#again += scoring ? rule.sample_again : 0;
    const again = this.#again >= 1000;
    if (again) this.#again -= 1000;
    const before = { status, body: answer };
    this.#waiting.push({ id, method, target, scoring, headers, body, before, again, log });
    this.#next();
  }

  close(): void {
    this.#rule = null;
    this.#drop("stopped");
    this.#agent.destroy();
  }

  #drop(reason: string): void {
    for (const { log } of this.#waiting.splice(0)) log.drop(reason);
  }

  #next(): void {
    while (this.#busy < AT_ONCE) {
      const copy = this.#waiting.shift();
      if (copy === undefined) return;
      this.#busy += 1;
      void this.#send(copy).finally(() => {
        this.#busy -= 1;
        this.#next();
      });
    }
  }

  async #send(copy: Copy): Promise<void> {
    const rule = this.#rule;
    // Of the mirroring that is over nothing is counted: the version may be on its way out.
    const isOver = (): boolean => this.#rule === null || this.#log !== copy.log;
    if (rule === null || isOver()) return;
    const after = await this.#ask(copy, rule.to);
    if (isOver()) return;
    copy.log.pair({
      scoring: copy.scoring,
      request: isJson(copy.headers) ? copy.body : null,
      before: copy.before,
      after,
    });
    if (!copy.again) return;
    const again = await this.#ask(copy, rule.from);
    if (!isOver()) copy.log.repeat(copy.before, again);
  }

  /** Never rejects. */
  #ask(copy: Copy, version: string): Promise<Answered> {
    const nothing: Answered = { status: null, body: null };
    const endpoint = this.#chooser.endpoint(version);
    const rule = this.#rule;
    if (endpoint === undefined || rule === null) return Promise.resolve(nothing);
    const { host, port } = splitEndpoint(endpoint);
    const { method, target: path, id, body } = copy;
    const headers = mirrorHeaders(copy.headers, { id, version, endpoint, length: body.length });
    const timeout = this.#chooser.route.limits.upstream_ms;
    return new Promise((resolve) => {
      const req = request({ host, port, method, path, headers, agent: this.#agent, timeout }, (res) => {
        const chunks: Buffer[] = [];
        let left = rule.body_bytes;
        res.on("data", (chunk: Buffer) => {
          left -= chunk.length;
          if (left >= 0) chunks.push(chunk);
        });
        res.on("end", () => resolve({ status: res.statusCode ?? null, body: left < 0 ? null : Buffer.concat(chunks) }));
        res.on("error", () => resolve(nothing));
        res.on("aborted", () => resolve(nothing));
      });
      req.on("timeout", () => req.destroy());
      req.on("error", () => resolve(nothing));
      req.end(body);
    });
  }
}

function isJson(headers: readonly string[]): boolean {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() === "content-type") return !headers[i + 1]!.toLowerCase().includes("csv");
  }
  return true;
}
