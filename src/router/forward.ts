import { sendError } from "./answer.js";
import type { VersionChooser } from "./choice.js";
import type { ClientAnswer } from "./client-answer.js";
import type { ClientRequest } from "./client-request.js";
import type { RouterMetrics } from "./metrics.js";
import { type Exchange, Passage } from "./passage.js";
import type { Upstream, UpstreamPool } from "./upstream.js";

export interface ForwardParts {
  chooser: VersionChooser;
  metrics: RouterMetrics;
  pool: UpstreamPool;
}

const ATTEMPTS = 2;

/**
 * Sends one request to its version and streams the answer back; `done` is told the status, or null when the client left first.
 * A connection that cannot be made is tried once more, at the version's next endpoint: nothing of the request has been sent then.
 * Any later failure is told to the client, because the service may have acted on what it was sent.
 */
export function forward(
  request: ClientRequest,
  answer: ClientAnswer,
  exchange: Exchange,
  parts: ForwardParts,
  done: (status: number | null) => void,
): void {
  const { chooser, metrics, pool } = parts;
  const { version } = exchange;

  const attempt = (number: number, failed?: string): void => {
    const endpoint = chooser.endpoint(version);
    // With a single endpoint there is no next one.
    if (number > ATTEMPTS || endpoint === undefined || endpoint === failed) {
      const message = `no process of ${version} can be reached`;
      sendError(answer, { status: 503, code: "no_endpoint", message, id: exchange.id, retryAfter: 1 });
      done(503);
      return;
    }
    if (number > 1) metrics.retry(version);
    metrics.beginAt(endpoint);
    const made = pool.take(endpoint, chooser.route.limits.connect_ms);
    if (made instanceof Promise) void made.then((upstream) => go(upstream, endpoint, number)?.bodyWaits());
    else go(made, endpoint, number);
  };

  const go = (upstream: Upstream | null, endpoint: string, number: number): Passage | null => {
    if (answer.gone) {
      upstream?.destroy();
      metrics.endAt(endpoint);
      done(null);
    } else if (upstream === null) {
      metrics.endAt(endpoint);
      metrics.connectFailure(version);
      attempt(number + 1, endpoint);
    } else {
      const passage = new Passage(request, answer, exchange, upstream, (status) => {
        metrics.endAt(endpoint);
        done(status);
      });
      passage.start(endpoint, chooser.route.limits.upstream_ms);
      return passage;
    }
    return null;
  };

  attempt(1);
}
