import { Refusal, type RequestHead } from "../../../src/router/request-head.js";
import { RequestParser } from "../../../src/router/request-parser.js";

export interface ReadRequest extends RequestHead {
  body: string;
}

export interface ReadRequests {
  /** Those that have come whole. */
  requests: ReadRequest[];
  /** The status with which what came behind them was refused. */
  refused: number | null;
  /** That. */
  behind: string;
}

export const wire = (...lines: string[]): string => lines.join("\r\n");

/** Reads what comes over one connection, cut at these places. Ends behind a request that ends the connection or switches it. */
export function readRequests(text: string, cuts: readonly number[] = [], headBytes = 16_384): ReadRequests {
  const found: ReadRequests = { requests: [], refused: null, behind: text };
  let open: ReadRequest | null = null;
  const parser = new RequestParser(headBytes, {
    head: (head) => {
      open = { ...head, body: "" };
    },
    data: (piece) => {
      open!.body += piece.toString("latin1");
    },
    end: () => {
      found.requests.push(open!);
      open = null;
    },
  });
  const bytes = Buffer.from(text, "latin1");
  const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
  try {
    for (let i = 0; i + 1 < places.length; i++) {
      let rest: Buffer = bytes.subarray(places[i], places[i + 1]);
      while (rest.length > 0) {
        const whole = found.requests.length;
        rest = parser.push(rest);
        if (found.requests.length > whole) found.behind = text.slice(places[i + 1]! - rest.length);
        const last = found.requests.at(-1);
        if (open === null && last !== undefined && (!last.keepAlive || last.switches)) return found;
      }
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    found.refused = error.status;
  }
  return found;
}
