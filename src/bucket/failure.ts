import { OperationError } from "../core/errors.js";
import type { Connection } from "./connection.js";

/** What was being done: for messages. */
export interface Doing {
  /** `s3://lake/churn cannot be listed`. */
  what: string;
  bucket: string;
  connection: Pick<Connection, "secret" | "endpoint" | "region">;
}

/** A request that has failed, in one sentence; `again`: the same may succeed at once. */
export interface Failure {
  error: OperationError;
  again: boolean;
}

interface Reason {
  text: string;
  remedy: string;
}

/** An object was shorter, or longer, than the list of the bucket says. */
export class WrongSize extends Error {}

/** Reads an error of Amazon's library, of the connection, or of what has come over it. No credential is in what it gives. */
export function failureOf(error: unknown, doing: Doing): Failure {
  const { name = "", Code: own, code: system, message = "" } = error as Record<string, string | undefined>;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  if (status === undefined) return connectionFailure(error, system ?? name, doing);
  const code = own ?? (/^[A-Z]\w+$/.test(name) && !GENERAL.has(name) ? name : `status ${status}`);
  if (status >= 500 || status === 429 || PASSING.test(code)) {
    return failure(doing, `${place(doing)} is busy or in trouble (${code})`, AGAIN, true, true);
  }
  const reason = reasonOf(code, status, doing, (error as { Region?: string }).Region);
  if (reason !== undefined) return failure(doing, `${reason.text} (${code})`, reason.remedy);
  // An answer without a code of S3 is another program's.
  if (own === undefined) {
    return failure(doing, `what answers at ${place(doing)} does not speak S3 (${code})`, look(doing));
  }
  return failure(doing, `${place(doing)} says: ${message.slice(0, 200)} (${code})`, "See the store's own words.");
}

/** Names that the library gives to what has no code of S3. */
const GENERAL = new Set(["Error", "Unknown", "UnknownError", "SyntaxError", "TypeError"]);
/** Refusals that pass: a clock is set by the library as the answer has it, an object that is gone is not in the next list. */
const PASSING =
  /^(SlowDown|RequestTimeout|InternalError|ServiceUnavailable|Throttling(Exception)?|RequestTimeTooSkewed|NoSuchKey)$/;
const AGAIN = "Try again later.";

/** What S3 says by its codes ("Error responses" of its API reference). */
function reasonOf(code: string, status: number, { bucket, connection }: Doing, region?: string): Reason | undefined {
  const { secret } = connection;
  if (code === "InvalidAccessKeyId") {
    const remedy = `Put the right AWS_ACCESS_KEY_ID into the Secret ${secret}, or the endpoint that knows it.`;
    return { text: `the access key of the Secret ${secret} is not known there`, remedy };
  }
  if (code === "SignatureDoesNotMatch") {
    const remedy = `Put the right AWS_SECRET_ACCESS_KEY into the Secret ${secret}.`;
    return { text: `the key and its id in the Secret ${secret} do not belong together`, remedy };
  }
  if (code === "ExpiredToken" || code === "InvalidToken" || code === "TokenRefreshRequired") {
    const remedy = `Put a new AWS_SESSION_TOKEN with its keys into the Secret ${secret}, or keys that need none.`;
    return { text: `the session of the Secret ${secret} is over`, remedy };
  }
  if (code === "InvalidObjectState") {
    return { text: "it is in an archive", remedy: "Restore it first, or move it to a class that can be read at once." };
  }
  if (code === "NoSuchBucket") {
    return {
      text: `there is no bucket ${bucket}`,
      remedy: `Look at its name, and at the endpoint in the Secret ${secret}.`,
    };
  }
  if (code === "PermanentRedirect" || code === "AuthorizationHeaderMalformed") {
    const other = region === undefined ? "the bucket's own" : region;
    return {
      text: `the bucket is in another region than ${connection.region}`,
      remedy: `Put AWS_REGION into the Secret ${secret} and say ${other} there.`,
    };
  }
  if (code === "AccessDenied" || status === 401 || status === 403) {
    const remedy = `Let the account of the Secret ${secret} list ${bucket} (s3:ListBucket) and read what is in it (s3:GetObject), or name another Secret with --data-secret.`;
    return { text: `the Secret ${secret} does not give the right to it`, remedy };
  }
  return undefined;
}

function connectionFailure(error: unknown, code: string, doing: Doing): Failure {
  if (error instanceof WrongSize) return failure(doing, error.message, AGAIN, true, true);
  if (code === "ENOTFOUND") {
    return failure(doing, `nothing is called ${place(doing)} here (${code})`, look(doing), true);
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)) {
    const remedy =
      "Give the store a certificate of an authority that is known everywhere, for the name in its endpoint.";
    return failure(doing, `the certificate of ${place(doing)} is not trusted (${code})`, remedy);
  }
  if (/ERR_TLS|ERR_SSL|EPROTO|^HPE_|ERR_INVALID_(URL|CHAR)/.test(code)) {
    return failure(doing, `${place(doing)} cannot be spoken to like this (${code})`, look(doing));
  }
  const words = code === "" || code === "Error" ? (error as Error).message : code;
  return failure(doing, `the connection to ${place(doing)} fails (${words})`, look(doing), true, true);
}

/** @param again worth another attempt now @param retryable and in another pod, later */
function failure(doing: Doing, why: string, remedy: string, again = false, retryable = false): Failure {
  return { error: new OperationError("IAPP_DATA_BUCKET", `${doing.what}: ${why}`, { remedy, retryable }), again };
}

const place = ({ connection: { endpoint, region } }: Doing): string => endpoint ?? `Amazon S3 in ${region}`;

const look = ({ connection: { endpoint, secret } }: Doing): string =>
  endpoint === null
    ? `Put AWS_ENDPOINT_URL_S3 into the Secret ${secret} where the store is not Amazon's, and let pods reach it.`
    : `Look at the endpoint in the Secret ${secret}: is it the store's, with http or https, and do pods reach it?`;
