import type { ServerResponse } from "node:http";

/** What the router says itself, in the shape that the scoring service uses for its own errors. */
export interface OwnAnswer {
  status: number;
  code: string;
  message: string;
  id: string;
  /** Seconds for `Retry-After`. */
  retryAfter?: number;
  details?: Record<string, unknown>;
}

export function errorBody(answer: OwnAnswer): string {
  const { code, message, id } = answer;
  return `${JSON.stringify({ error: { code, message, id }, ...answer.details })}\n`;
}

/** Sends a whole answer. The connection is closed when the request's body has not been read to its end. */
export function sendError(res: ServerResponse, answer: OwnAnswer): void {
  if (res.headersSent || res.destroyed) return;
  const body = errorBody(answer);
  res.setHeader("Content-Type", "application/json");
  res.setHeader("Content-Length", Buffer.byteLength(body));
  res.setHeader("X-Request-Id", answer.id);
  if (answer.retryAfter !== undefined) res.setHeader("Retry-After", String(answer.retryAfter));
  if (!res.req.complete) res.setHeader("Connection", "close");
  res.statusCode = answer.status;
  res.end(body);
  res.req.resume();
}

/** For a socket that has no response object (upgrade, broken request): one answer, then the end. */
export function rawError(answer: OwnAnswer, reason: string): string {
  const body = errorBody(answer);
  return [
    `HTTP/1.1 ${answer.status} ${reason}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${answer.id}`,
    "",
    body,
  ].join("\r\n");
}
