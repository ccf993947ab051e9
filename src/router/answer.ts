import { STATUS_CODES } from "node:http";
import type { ClientAnswer } from "./client-answer.js";

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

export const reasonOf = (status: number): string => STATUS_CODES[status] ?? "";

/** Sends a whole answer. The connection is closed when the request's body has not been read to its end. */
export function sendError(to: ClientAnswer, answer: OwnAnswer): void {
  if (to.status !== null || to.gone) return;
  const body = Buffer.from(errorBody(answer));
  const headers = [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(body.length),
    "X-Request-Id",
    answer.id,
  ];
  if (answer.retryAfter !== undefined) headers.push("Retry-After", String(answer.retryAfter));
  to.begin(answer.status, reasonOf(answer.status), headers);
  to.end(body);
}

/** Where there is no request to answer (upgrade, broken request): one answer, then the end. */
export function rawError(answer: OwnAnswer): string {
  const body = errorBody(answer);
  return [
    `HTTP/1.1 ${answer.status} ${reasonOf(answer.status)}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${answer.id}`,
    "",
    body,
  ].join("\r\n");
}
