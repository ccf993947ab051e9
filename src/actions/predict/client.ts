import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted, OperationError } from "../../core/errors.js";

export interface PredictAnswer {
  predictions: unknown[];
  /** One entry a row: class to probability. */
  probabilities: Record<string, number>[] | null;
  version: string | null;
  id: string | null;
  /** Names of further members, one list entry a row. */
  ms: number;
}

export interface RowProblem {
  row: number | null;
  field: string | null;
  reason: string;
  message?: string;
}

/** The service did not accept a request; `problems` are row by row. */
export class Rejected extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly problems: RowProblem[],
  ) {
    super(message);
  }
}

export interface ClientOptions {
  url: string;
  /** Ask this version, whatever the weights are. */
  version: string | undefined;
  proba: boolean;
  signal: AbortSignal;
}

const ATTEMPTS = 6;
const LONGEST_PAUSE_S = 5;

/** Sends batches to a service over one kept connection; waits and tries again while the service says that it is busy. */
export class PredictClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #options: ClientOptions;

  readonly #closed: () => Promise<void>;

  /** @param closed called when the client is not needed any more */
  constructor(options: ClientOptions, closed: () => Promise<void> = async () => undefined) {
    this.#options = options;
    this.#closed = closed;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.#closed();
  }

  async send(body: string, type: "application/json" | "text/csv"): Promise<PredictAnswer> {
    for (let attempt = 1; ; attempt++) {
      const started = performance.now();
      const { status, text, retryAfter } = await this.#post(body, type);
      if (status === 200) return answerOf(text, performance.now() - started);
      if (status === 503 && attempt < ATTEMPTS) {
        const { signal } = this.#options;
        await sleep(Math.min(LONGEST_PAUSE_S, retryAfter ?? 1) * 1000, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) throw new Interrupted();
        continue;
      }
      throw rejection(status, text);
    }
  }

  #post(body: string, type: string): Promise<{ status: number; text: string; retryAfter: number | null }> {
    const { url, version, proba, signal } = this.#options;
    const headers: Record<string, string | number> = {
      "Content-Type": type,
      "Content-Length": Buffer.byteLength(body),
    };
    if (version !== undefined) headers["X-Iapp-Version"] = version;
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void =>
        reject(
          signal.aborted
            ? new Interrupted()
            : new OperationError("IAPP_PREDICT_CONNECTION", `${url} does not answer: ${cause.message}`, {
                cause,
                remedy: "See `iapp status`.",
                retryable: true,
              }),
        );
      const target = `${url}/predict${proba ? "?explain=proba" : ""}`;
      const req = request(target, { method: "POST", headers, agent: this.#agent, signal }, (res) => {
        const chunks: Buffer[] = [];
        res.on("data", (chunk: Buffer) => chunks.push(chunk));
        res.on("end", () => {
          const after = Number(res.headers["retry-after"]);
          const retryAfter = Number.isFinite(after) ? after : null;
          resolve({ status: res.statusCode!, text: Buffer.concat(chunks).toString("utf8"), retryAfter });
        });
        res.on("error", fail);
      });
      req.on("error", fail);
      req.end(body);
    });
  }
}

function answerOf(text: string, ms: number): PredictAnswer {
  const body = JSON.parse(text) as Partial<PredictAnswer>;
  if (!Array.isArray(body.predictions)) {
    throw new OperationError("IAPP_PREDICT_ANSWER", "the answer holds no predictions", { lines: [text.slice(0, 200)] });
  }
  const { predictions, version = null, id = null } = body;
  return { predictions, probabilities: body.probabilities ?? null, version, id, ms };
}

function rejection(status: number, text: string): Rejected {
  try {
    const { error, details } = JSON.parse(text) as {
      error: { code: string; message: string };
      details?: RowProblem[];
    };
    return new Rejected(status, error.code, error.message, Array.isArray(details) ? details : []);
  } catch {
    return new Rejected(status, "unknown", text.slice(0, 200), []);
  }
}
