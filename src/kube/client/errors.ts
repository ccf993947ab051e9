import { Interrupted, OperationError } from "../../core/errors.js";

/** What an API server says when it does not do what was asked (the `Status` object of the API conventions). */
export interface Status {
  message?: string;
  reason?: string;
  details?: { causes?: { reason?: string; message?: string; field?: string }[]; retryAfterSeconds?: number };
}

/** An answer of the API server other than 2xx, with its own words. */
export class KubeError extends OperationError {
  readonly status: number;
  readonly reason: string;
  readonly causes: { reason?: string; message?: string; field?: string }[];

  constructor(what: string, status: number, body: Status) {
    const words = body.message ?? `status ${status}`;
    super("IAPP_KUBE_REFUSED", `${what}: ${words}`, {
      data: { status, reason: body.reason ?? null },
      retryable: status === 429 || status >= 500,
      ...(status === 401
        ? { remedy: "The credentials are not accepted; log in again." }
        : status === 403
          ? { remedy: "See which rights are needed: iapp doctor --target NAME" }
          : {}),
    });
    this.status = status;
    this.reason = body.reason ?? "";
    this.causes = body.details?.causes ?? [];
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof KubeError && error.status === 404;
export const isConflict = (error: unknown): boolean => error instanceof KubeError && error.status === 409;
export const isGone = (error: unknown): boolean => error instanceof KubeError && error.status === 410;

/** The connection failed: the same sentence wherever it happens. */
export function unreachable(server: string, cause: Error, signal: AbortSignal): Interrupted | OperationError {
  if (signal.aborted) return new Interrupted();
  return new OperationError("IAPP_KUBE_UNREACHABLE", `the cluster at ${server} does not answer: ${cause.message}`, {
    cause,
    remedy: "Is it running, and reachable from here?",
    retryable: true,
  });
}
